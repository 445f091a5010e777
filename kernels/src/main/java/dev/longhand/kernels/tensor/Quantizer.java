package dev.longhand.kernels.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.stream.IntStream;

/**
 * Weights in 8 or 4 bits, and the oracle of the backends' quantisers, bit for bit.
 *
 * <p>A row is a sequence of blocks of 64 weights, the last one padded with zeros. A block is two
 * BF16 scales, one for each group of 32, and then the groups' integers q: for {@link DType#INT8} a
 * byte each, -127..127; for {@link DType#INT4} byte i of 16 holds q + 8 of weight i in its lower
 * half and of weight 16 + i in its upper half. A weight is scale q, exact in F32.
 *
 * <p>The scale of an INT8 group is its largest magnitude over 127. That of an INT4 group is the one
 * of least squared error among some around the largest magnitude over 8; its sign says which side
 * of -8..7 the largest weight is on.
 */
public final class Quantizer {
    private static final int GROUP = 32;
    private static final int BLOCK = 2 * GROUP;
    private static final int SCALES_BYTES = 2 * Short.BYTES;
    private static final int LANES = 16;

    /** What is tried as largest weight / scale for INT4; the first of equals is taken. */
    private static final float[] RATIOS = {
        -8, -7.75f, -7.5f, -7.25f, -7, -8.25f, -8.5f, -8.75f,
        7, 6.75f, 6.5f, 6.25f, 6, 7.25f, 7.5f, 7.75f
    };

    private static final ValueLayout.OfShort BITS16 =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private Quantizer() {}

    /**
     * Quantises a matrix, its rows spread over all cores.
     *
     * @param weights [outputs, inputs], finite
     * @param quantized of the same shape
     */
    public static void quantize(HostTensor weights, HostTensor quantized) {
        if (!quantized.dtype().quantized() || !quantized.shape().equals(weights.shape())) {
            throw new IllegalArgumentException(
                    "%s %s cannot be quantised to %s %s"
                            .formatted(
                                    weights.dtype(),
                                    weights.shape(),
                                    quantized.dtype(),
                                    quantized.shape()));
        }
        IntStream.range(0, Math.toIntExact(weights.shape().rows()))
                .parallel()
                .forEach(row -> quantizeRow(weights, quantized, row));
    }

    private static void quantizeRow(HostTensor weights, HostTensor quantized, int row) {
        long width = weights.shape().width();
        DType dtype = quantized.dtype();
        long at = row * dtype.rowBytes(width);
        float[] group = new float[GROUP];
        for (long k = 0; k < Math.ceilDiv(width, BLOCK) * BLOCK; k += GROUP) {
            for (int i = 0; i < GROUP; i++) {
                group[i] = k + i < width ? weights.get(row * width + k + i) : 0;
            }
            int half = (int) (k % BLOCK) / GROUP;
            Group best = dtype == DType.INT8 ? int8(group) : int4(group);
            put(quantized.data(), at, dtype, half, best);
            at += half * dtype.rowBytes(BLOCK);
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
        // The inverse of a subnormal is infinite: such a group is zeros.
        float scale = Math.abs(wanted) < Float.MIN_NORMAL ? 0 : BFloat16.round(wanted);
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

    private static void put(MemorySegment data, long block, DType dtype, int half, Group group) {
        data.set(BITS16, block + (long) half * Short.BYTES, BFloat16.bits(group.scale));
        long at = block + SCALES_BYTES + (long) half * groupBytes(dtype);
        for (int i = 0; i < groupBytes(dtype); i++) {
            int bits =
                    dtype == DType.INT8
                            ? group.q[i]
                            : (group.q[i] + 8) | ((group.q[GROUP / 2 + i] + 8) << 4);
            data.set(ValueLayout.JAVA_BYTE, at + i, (byte) bits);
        }
    }

    private static int groupBytes(DType dtype) {
        return dtype == DType.INT8 ? GROUP : GROUP / 2;
    }

    /** Element {@code index}, row-major, of a quantised tensor. */
    static float get(HostTensor tensor, long index) {
        DType dtype = tensor.dtype();
        long width = tensor.shape().width();
        int k = (int) (index % width);
        long block = index / width * dtype.rowBytes(width) + k / BLOCK * dtype.rowBytes(BLOCK);
        int half = k % BLOCK / GROUP;
        int i = k % GROUP;
        short bits = tensor.data().get(BITS16, block + (long) half * Short.BYTES);
        long q = block + SCALES_BYTES + (long) half * groupBytes(dtype);
        byte stored = tensor.data().get(ValueLayout.JAVA_BYTE, q + i % groupBytes(dtype));
        int value =
                dtype == DType.INT8
                        ? stored
                        : ((Byte.toUnsignedInt(stored) >> (i < GROUP / 2 ? 0 : 4)) & 15) - 8;
        return value * Float.intBitsToFloat(bits << 16);
    }
}
