package dev.longhand.bench.checkpoint;

import dev.longhand.engine.file.Sha256;
import dev.longhand.kernels.tensor.BFloat16;
import dev.longhand.kernels.tensor.Shape;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;

/**
 * A tensor of random values, normally distributed unless it holds codes. Every eight bytes come
 * from one number of SplitMix64, whose state follows from their position, so a tensor depends on
 * its seed and name alone and not on the chunks in which it is written.
 *
 * @param name the name in the checkpoint
 * @param shape the extents, row-major
 * @param filling the element type and the kind of values
 * @param mean the mean of the values; unused for codes
 * @param deviation the standard deviation of the values; unused for codes
 */
record RandomTensor(String name, Shape shape, Filling filling, double mean, double deviation) {
    private static final int UNIT_BYTES = 8; // four table entries

    private static final long GAMMA = 0x9E3779B97F4A7C15L;

    /**
     * 65,536 samples of the standard normal distribution, as many as bf16 has values; 16 random
     * bits choose one.
     */
    private static final float[] NORMAL = normal(1 << 16);

    /** Element type and kind of values. */
    enum Filling {
        BF16("BF16", Short.BYTES),
        F16("F16", Short.BYTES),
        /** Eight int4 codes per element, as in {@link GptqTensors}. */
        CODES("I32", Integer.BYTES),
        /** Eight zero points of 8 per element, each stored minus 1. */
        ZEROS("I32", Integer.BYTES),
        /** The group of each input. */
        GROUPS("I32", Integer.BYTES);

        private final String dtype;
        private final int bytes;

        Filling(String dtype, int bytes) {
            this.dtype = dtype;
            this.bytes = bytes;
        }

        /** The name of the element type in a safetensors header. */
        String dtype() {
            return dtype;
        }
    }

    static RandomTensor matrix(String name, int rows, int columns, double deviation) {
        return new RandomTensor(name, Shape.of(rows, columns), Filling.BF16, 0, deviation);
    }

    static RandomTensor vector(String name, int length, double mean, double deviation) {
        return new RandomTensor(name, Shape.of(length), Filling.BF16, mean, deviation);
    }

    private static float[] normal(int count) {
        Random random = new Random(1); // the algorithm of java.util.Random is specified
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    /** Returns this tensor with the same values in another element type. */
    RandomTensor as(Filling other) {
        return new RandomTensor(name, shape, other, mean, deviation);
    }

    /** The size of the elements in bytes. */
    long bytes() {
        return shape.elements() * filling.bytes;
    }

    /** Returns the elements that a seed generates. */
    Values values(long seed) {
        return filling == Filling.GROUPS
                ? new Groups()
                : new Samples(state(seed + ":" + name), table());
    }

    /** Returns the 65,536 elements from which 16 random bits choose. */
    private short[] table() {
        short[] table = new short[NORMAL.length];
        for (int i = 0; i < table.length; i++) {
            float value = (float) (mean + deviation * NORMAL[i]);
            table[i] =
                    switch (filling) {
                        case BF16 -> BFloat16.bits(value);
                        case F16 -> Float.floatToFloat16(value);
                        case CODES -> GptqTensors.fourCodes(i);
                        case ZEROS -> GptqTensors.FOUR_ZEROS;
                        case GROUPS -> throw new IllegalStateException("groups are not random");
                    };
        }
        return table;
    }

    private static long state(String text) {
        return ByteBuffer.wrap(Sha256.bytes(text)).getLong();
    }

    /** The elements of a tensor, in order. */
    interface Values {
        /**
         * Fills a buffer with the next elements. Only the last buffer may end within a unit of
         * eight bytes.
         */
        void fill(ByteBuffer buffer);
    }

    /** The group of each input: 0 for the first 128 elements, 1 for the next 128, and so on. */
    private static final class Groups implements Values {
        private int next;

        @Override
        public void fill(ByteBuffer buffer) {
            ByteBuffer little = buffer.slice().order(ByteOrder.LITTLE_ENDIAN);
            while (little.hasRemaining()) {
                little.putInt(next++ / GptqTensors.GROUP_INPUTS);
            }
            buffer.position(buffer.limit());
        }
    }

    private static final class Samples implements Values {
        private final long state;
        private final short[] table;
        private long next;

        private Samples(long state, short[] table) {
            this.state = state;
            this.table = table;
        }

        @Override
        public void fill(ByteBuffer buffer) {
            ByteBuffer little = buffer.slice().order(ByteOrder.LITTLE_ENDIAN);
            while (little.remaining() >= UNIT_BYTES) {
                little.putLong(four(next++));
            }
            if (little.hasRemaining()) {
                long last = four(next++);
                while (little.hasRemaining()) {
                    little.putShort((short) last);
                    last >>>= Short.SIZE;
                }
            }
            buffer.position(buffer.limit());
        }

        private long four(long index) {
            long z = state + (index + 1) * GAMMA;
            z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
            z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
            z ^= z >>> 31;
            return element(z)
                    | element(z >>> 16) << 16
                    | element(z >>> 32) << 32
                    | element(z >>> 48) << 48;
        }

        private long element(long bits) {
            return table[(int) bits & 0xFFFF] & 0xFFFFL;
        }
    }
}
