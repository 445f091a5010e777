package dev.longhand.bench.checkpoint;

import dev.longhand.kernels.tensor.BFloat16;
import dev.longhand.kernels.tensor.Shape;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Random;

/**
 * A bf16 tensor of normally distributed values. Four elements come from one number of SplitMix64
 * whose state is their place, so a tensor depends on seed and name alone, wherever it is cut.
 *
 * @param name in the checkpoint
 * @param shape extents, row-major
 * @param mean of the values
 * @param deviation of the values
 */
record RandomTensor(String name, Shape shape, double mean, double deviation) {
    private static final int UNIT_BYTES = 8; // four elements

    private static final long GAMMA = 0x9E3779B97F4A7C15L;

    /** 16 random bits choose one of these: as many different values as bf16 has at all. */
    private static final float[] NORMAL = normal(1 << 16);

    static RandomTensor matrix(String name, int rows, int columns, double deviation) {
        return new RandomTensor(name, Shape.of(rows, columns), 0, deviation);
    }

    static RandomTensor vector(String name, int length, double mean, double deviation) {
        return new RandomTensor(name, Shape.of(length), mean, deviation);
    }

    private static float[] normal(int count) {
        Random random = new Random(1); // the algorithm of java.util.Random is specified
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    /** Bytes of the elements. */
    long bytes() {
        return shape.elements() * Short.BYTES;
    }

    /** The elements under a seed. */
    Values values(long seed) {
        short[] table = new short[NORMAL.length];
        for (int i = 0; i < table.length; i++) {
            table[i] = BFloat16.bits((float) (mean + deviation * NORMAL[i]));
        }
        return new Values(state(seed + ":" + name), table);
    }

    private static long state(String text) {
        try {
            byte[] hash =
                    MessageDigest.getInstance("SHA-256")
                            .digest(text.getBytes(StandardCharsets.UTF_8));
            return ByteBuffer.wrap(hash).getLong();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** Elements in order. */
    static final class Values {
        private final long state;
        private final short[] table;
        private long next;

        private Values(long state, short[] table) {
            this.state = state;
            this.table = table;
        }

        /** Fills what remains of a buffer; only the last one may hold a part of four elements. */
        void fill(ByteBuffer buffer) {
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
