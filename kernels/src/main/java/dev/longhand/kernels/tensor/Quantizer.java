package dev.longhand.kernels.tensor;

import java.util.stream.IntStream;

/**
 * Weights in 8 or 4 bits, and the oracle of the backends' quantisers, bit for bit.
 *
 * <p>Weights are in groups of 32 of a row. q is -127..127 for {@link DType#INT8} and -8..7 for
 * {@link DType#INT4}, stored as {@link QuantizedMatrix} codes q + 128 and q + 8. A weight is scale
 * q, exact in F32, as scales are BF16.
 *
 * <p>The scale of an INT8 group is its largest magnitude over 127. That of an INT4 group is the one
 * of least squared error among some around the largest magnitude over 8; its sign says which side
 * of -8..7 the largest weight is on. {@link DType#FP8} has groups of 128, their largest magnitude
 * over 448 as scale, and codes of {@link E4m3}.
 */
public final class Quantizer {
    private static final int GROUP = 32;
    private static final int LANES = 16;

    /** What is tried as largest weight / scale for INT4; the first of equals is taken. */
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
        if (!quantized.dtype().quantized()
                || quantized.dtype().zeroPoints()
                || !quantized.shape().equals(weights.shape())) {
            throw new IllegalArgumentException(
                    "%s %s cannot be quantised to %s %s"
                            .formatted(
                                    weights.dtype(),
                                    weights.shape(),
                                    quantized.dtype(),
                                    quantized.shape()));
        }
        QuantizedMatrix matrix = new QuantizedMatrix(quantized);
        DType dtype = quantized.dtype();
        IntStream.range(0, Math.toIntExact(weights.shape().rows()))
                .parallel()
                .forEach(
                        row -> {
                            if (dtype == DType.FP8) {
                                quantizeRowFp8(weights, matrix, row);
                            } else {
                                quantizeRow(weights, dtype, matrix, row);
                            }
                        });
    }

    private static void quantizeRowFp8(HostTensor weights, QuantizedMatrix matrix, long row) {
        long width = weights.shape().width();
        float[] group = new float[matrix.group()];
        int[] codes = new int[matrix.group()];
        for (int g = 0; g < matrix.groups(); g++) {
            for (int i = 0; i < group.length; i++) {
                long k = (long) g * group.length + i;
                group[i] = k < width ? weights.get(row * width + k) : 0;
            }
            float scale = storedScale(Math.abs(largest(group)) / E4m3.MAX);
            float inverse = scale == 0 ? 0 : 1 / scale;
            for (int i = 0; i < group.length; i++) {
                codes[i] = E4m3.code(group[i] * inverse);
            }
            matrix.put(row, g, scale, 0, codes);
        }
    }

    /** The inverse of a subnormal is infinite: such a group is zeros. */
    private static float storedScale(float wanted) {
        return Math.abs(wanted) < Float.MIN_NORMAL ? 0 : BFloat16.round(wanted);
    }

    private static void quantizeRow(
            HostTensor weights, DType dtype, QuantizedMatrix matrix, long row) {
        long width = weights.shape().width();
        int middle = 1 << (matrix.bits() - 1);
        float[] group = new float[GROUP];
        int[] codes = new int[GROUP];
        // Blocks are of two groups: after an odd number of them there is one of zeros.
        for (int g = 0; g < (matrix.groups() + 1) / 2 * 2; g++) {
            for (int i = 0; i < GROUP; i++) {
                long k = (long) g * GROUP + i;
                group[i] = k < width ? weights.get(row * width + k) : 0;
            }
            Group best = dtype == DType.INT8 ? int8(group) : int4(group);
            for (int i = 0; i < GROUP; i++) {
                codes[i] = best.q[i] + middle;
            }
            matrix.put(row, g, best.scale, middle, codes);
        }
    }

    /** A quantised group; its error is the sum of squares. */
    private static final class Group {
        private final float scale;
        private final int[] q;
        private final float error;

        Group(float scale, int[] q, float error) {
            this.scale = scale;
            this.q = q;
            this.error = error;
        }
    }

    private static Group int8(float[] group) {
        return quantizeAs(group, Math.abs(largest(group)) / 127, -127, 127);
    }

    private static Group int4(float[] group) {
        float largest = largest(group);
        Group best = quantizeAs(group, largest / RATIOS[0], -8, 7);
        for (int c = 1; c < RATIOS.length; c++) {
            Group candidate = quantizeAs(group, largest / RATIOS[c], -8, 7);
            best = candidate.error < best.error ? candidate : best;
        }
        return best;
    }

    /** The weight of largest magnitude, the first of several. */
    private static float largest(float[] group) {
        float largest = 0;
        for (float weight : group) {
            largest = Math.abs(weight) > Math.abs(largest) ? weight : largest;
        }
        return largest;
    }

    private static Group quantizeAs(float[] group, float wanted, int low, int high) {
        float scale = storedScale(wanted);
        int[] q = new int[GROUP];
        if (scale == 0) {
            return new Group(0, q, Float.POSITIVE_INFINITY);
        }
        float inverse = 1 / scale;
        float[] errors = new float[LANES];
        for (int i = 0; i < GROUP; i++) {
            q[i] = Math.clamp((int) Math.rint(group[i] * inverse), low, high);
            float error = group[i] - q[i] * scale;
            errors[i % LANES] += error * error;
        }
        for (int step = LANES / 2; step > 0; step /= 2) {
            for (int i = 0; i < step; i++) {
                errors[i] += errors[i + step];
            }
        }
        return new Group(scale, q, errors[0]);
    }
}
