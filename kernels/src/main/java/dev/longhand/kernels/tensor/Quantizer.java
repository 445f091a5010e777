package dev.longhand.kernels.tensor;

import dev.longhand.kernels.tensor.QuantFormat.GroupQuantizer;

import java.util.stream.IntStream;

/**
 * Quantises weights in plain Java: the bit-exact oracle for the backends' quantisers.
 *
 * <p>{@link DType#INT8} and {@link DType#INT4} have groups of 32. Their integers are -127..127 and
 * -8..7, stored as codes 128 and 8 above them; a weight is scale times integer, exact in F32
 * because scales are BF16. The scale of an INT8 group is its largest magnitude over 127. The scale
 * of an INT4 group has the least squared error among candidates around the largest magnitude over
 * 8; its sign decides on which side of -8..7 the largest weight lies. {@link DType#FP8} has groups
 * of 128, codes of {@link E4m3}, and the largest magnitude over 448 as scale.
 */
public final class Quantizer {
    private static final int LANES = 16;

    /** Candidates for largest weight / scale in INT4; of equal errors the first is taken. */
    private static final float[] RATIOS = {
        -8, -7.75f, -7.5f, -7.25f, -7, -8.25f, -8.5f, -8.75f,
        7, 6.75f, 6.5f, 6.25f, 6, 7.25f, 7.5f, 7.75f
    };

    private Quantizer() {}

    /**
     * Quantises a matrix, its rows spread over all cores.
     *
     * @param weights [outputs, inputs], finite
     * @param quantized of the same shape
     */
    public static void quantize(HostTensor weights, HostTensor quantized) {
        DType dtype = quantized.dtype();
        GroupQuantizer groups = dtype.quantized() ? dtype.format().quantizer() : null;
        if (groups == null || !quantized.shape().equals(weights.shape())) {
            throw new IllegalArgumentException(
                    "%s %s cannot be quantised to %s %s"
                            .formatted(weights.dtype(), weights.shape(), dtype, quantized.shape()));
        }
        QuantizedMatrix matrix = new QuantizedMatrix(quantized);
        IntStream.range(0, Math.toIntExact(weights.shape().rows()))
                .parallel()
                .forEach(row -> quantizeRow(weights, groups, matrix, row));
    }

    /** Quantises a row in whole blocks: weights beyond its end are zeros. */
    private static void quantizeRow(
            HostTensor weights, GroupQuantizer groups, QuantizedMatrix matrix, long row) {
        long width = weights.shape().width();
        float[] group = new float[matrix.group()];
        int[] codes = new int[matrix.group()];
        for (int g = 0; g < matrix.storedWidth() / group.length; g++) {
            for (int i = 0; i < group.length; i++) {
                long k = (long) g * group.length + i;
                group[i] = k < width ? weights.get(row * width + k) : 0;
            }
            float scale = groups.quantize(group, codes);
            matrix.put(row, g, scale, matrix.zero(row, g), codes);
        }
    }

    /** Quantises a group to {@link DType#INT8}; see {@link GroupQuantizer}. */
    static float int8(float[] group, int[] codes) {
        Integers best = quantizeAs(group, Math.abs(largest(group)) / 127, -127, 127);
        return best.store(128, codes);
    }

    /** Quantises a group to {@link DType#INT4}; see {@link GroupQuantizer}. */
    static float int4(float[] group, int[] codes) {
        float largest = largest(group);
        Integers best = quantizeAs(group, largest / RATIOS[0], -8, 7);
        for (int c = 1; c < RATIOS.length; c++) {
            Integers candidate = quantizeAs(group, largest / RATIOS[c], -8, 7);
            best = candidate.error < best.error ? candidate : best;
        }
        return best.store(8, codes);
    }

    /** Quantises a group to {@link DType#FP8}; see {@link GroupQuantizer}. */
    static float fp8(float[] group, int[] codes) {
        float scale = storedScale(Math.abs(largest(group)) / E4m3.MAX);
        float inverse = scale == 0 ? 0 : 1 / scale;
        for (int i = 0; i < group.length; i++) {
            codes[i] = E4m3.code(group[i] * inverse);
        }
        return scale;
    }

    /** A scale in BF16; 0 instead of a subnormal, whose inverse is infinite. */
    private static float storedScale(float wanted) {
        return Math.abs(wanted) < Float.MIN_NORMAL ? 0 : BFloat16.round(wanted);
    }

    /** A group as integers, with the sum of squared errors. */
    private static final class Integers {
        private final float scale;
        private final int[] q;
        private final float error;

        Integers(float scale, int[] q, float error) {
            this.scale = scale;
            this.q = q;
            this.error = error;
        }

        float store(int zero, int[] codes) {
            for (int i = 0; i < codes.length; i++) {
                codes[i] = q[i] + zero;
            }
            return scale;
        }
    }

    /** The weight of largest magnitude, the first of several. */
    private static float largest(float[] group) {
        float largest = 0;
        for (float weight : group) {
            largest = Math.abs(weight) > Math.abs(largest) ? weight : largest;
        }
        return largest;
    }

    private static Integers quantizeAs(float[] group, float wanted, int low, int high) {
        float scale = storedScale(wanted);
        int[] q = new int[group.length];
        if (scale == 0) {
            return new Integers(0, q, Float.POSITIVE_INFINITY);
        }
        float inverse = 1 / scale;
        float[] errors = new float[LANES];
        for (int i = 0; i < group.length; i++) {
            q[i] = Math.clamp((int) Math.rint(group[i] * inverse), low, high);
            float error = group[i] - q[i] * scale;
            errors[i % LANES] += error * error;
        }
        for (int step = LANES / 2; step > 0; step /= 2) {
            for (int i = 0; i < step; i++) {
                errors[i] += errors[i + step];
            }
        }
        return new Integers(scale, q, errors[0]);
    }
}
