package dev.longhand.kernels.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * A tensor in host memory: a mapped file, native memory or, in tests, a heap array.
 *
 * @param dtype element type
 * @param shape extents, row-major
 * @param data exactly {@link #bytes()} bytes, little-endian, at any alignment
 */
public record HostTensor(DType dtype, Shape shape, MemorySegment data) implements Tensor {
    private static final long CACHE_LINE_BYTES = 64;
    private static final int SCAN = 4096; // elements scanned between two checks
    private static final ValueLayout.OfFloat F32 =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort BITS16 =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt I32 =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    public HostTensor {
        long expected = dtype.bytes(shape);
        if (data.byteSize() != expected) {
            throw new IllegalArgumentException(
                    "%s %s takes %d bytes, given %d"
                            .formatted(dtype, shape, expected, data.byteSize()));
        }
    }

    /** A tensor of zeros in native memory of {@code arena}, aligned to a cache line. */
    public static HostTensor allocate(Arena arena, DType dtype, Shape shape) {
        return new HostTensor(dtype, shape, arena.allocate(dtype.bytes(shape), CACHE_LINE_BYTES));
    }

    @Override
    public HostTensor view(long first, Shape part) {
        if (dtype.quantized()) {
            throw new UnsupportedOperationException("a part of " + dtype + " weights");
        }
        long offset = first * dtype.bytes();
        return new HostTensor(dtype, part, data.asSlice(offset, dtype.bytes(part)));
    }

    /** Element {@code index}, row-major; every dtype widens to float exactly except large I32. */
    public float get(long index) {
        return switch (dtype) {
            case F32 -> data.getAtIndex(F32, index);
            case BF16 -> Float.intBitsToFloat(data.getAtIndex(BITS16, index) << 16);
            case F16 -> Float.float16ToFloat(data.getAtIndex(BITS16, index));
            case I32 -> data.getAtIndex(I32, index);
            default ->
                    new QuantizedMatrix(this)
                            .get(index / shape.width(), (int) (index % shape.width()));
        };
    }

    /** Index of the first NaN or infinity, row-major, or -1. */
    public long findNonFinite() {
        if (dtype.quantized()) {
            return -1; // quantised from finite weights
        }
        long elements = shape.elements();
        for (long first = 0; first < elements; first += SCAN) {
            int count = (int) Math.min(SCAN, elements - first);
            MemorySegment part = data.asSlice(first * dtype.bytes(), (long) count * dtype.bytes());
            boolean found =
                    switch (dtype) {
                        case F32 -> hasExponent32(part, count);
                        case BF16 -> hasExponent16(part, count, 0x7F80);
                        case F16 -> hasExponent16(part, count, 0x7C00);
                        default -> false; // integers
                    };
            if (found) {
                return first + firstNonFinite(first);
            }
        }
        return -1;
    }

    /*
     * NaN and infinity have every bit of the exponent set. For them alone (bits & mask) ^ mask is
     * zero, and one less is negative. Without branches, the loop compiles to vector instructions.
     */
    private static boolean hasExponent16(MemorySegment part, int count, int mask) {
        int signs = 0;
        for (int pair = 0; pair < count / 2; pair++) { // sums of shorts are not vectorised
            int both = part.get(I32, (long) pair * Integer.BYTES);
            signs |= ((both & mask) ^ mask) - 1;
            signs |= ((both >>> Short.SIZE & mask) ^ mask) - 1;
        }
        if (count % 2 != 0) {
            signs |= ((part.get(BITS16, (count - 1L) * Short.BYTES) & mask) ^ mask) - 1;
        }
        return signs < 0;
    }

    private static boolean hasExponent32(MemorySegment part, int count) {
        int mask = 0x7F80_0000;
        int signs = 0;
        for (int i = 0; i < count; i++) {
            signs |= ((part.get(I32, (long) i * Integer.BYTES) & mask) ^ mask) - 1;
        }
        return signs < 0;
    }

    private int firstNonFinite(long from) {
        int i = 0;
        while (Float.isFinite(get(from + i))) {
            i++;
        }
        return i;
    }

    /** Sets element {@code index} of an F32 tensor. */
    public void set(long index, float value) {
        data.setAtIndex(F32, index, value);
    }

    /** Lets the resident pages of a mapped file go; other memory stays. */
    public void unload() {
        if (data.isMapped()) {
            data.unload();
        }
    }

    /** The same values as F32 in new native memory. */
    public HostTensor toF32(Arena arena) {
        HostTensor wide = allocate(arena, DType.F32, shape);
        for (long i = 0; i < shape.elements(); i++) {
            wide.set(i, get(i));
        }
        return wide;
    }
}
