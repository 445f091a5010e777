package dev.longhand.kernels.tensor;

import java.util.Arrays;

/** The extents of a row-major tensor, outermost first; all positive. */
public final class Shape {
    private final long[] extents;

    private Shape(long[] extents) {
        this.extents = extents;
    }

    /**
     * A shape of the given extents.
     *
     * @throws IllegalArgumentException if an extent is not positive or the element count exceeds
     *     {@link Long#MAX_VALUE}
     */
    public static Shape of(long... extents) {
        long elements = 1;
        for (long extent : extents) {
            if (extent <= 0) {
                throw new IllegalArgumentException(
                        "extents must be positive: " + Arrays.toString(extents));
            }
            try {
                elements = Math.multiplyExact(elements, extent);
            } catch (ArithmeticException e) {
                throw new IllegalArgumentException(
                        "element count overflows: " + Arrays.toString(extents), e);
            }
        }
        return new Shape(extents.clone());
    }

    /** The number of extents; 0 for a scalar. */
    public int rank() {
        return extents.length;
    }

    /** Extent {@code i}, counted from the outermost. */
    public long extent(int i) {
        return extents[i];
    }

    /** The innermost extent: elements that lie side by side. */
    public long width() {
        return extents.length == 0 ? 1 : extents[extents.length - 1];
    }

    /** The product of all extents but the innermost. */
    public long rows() {
        return elements() / width();
    }

    /** The product of all extents. */
    public long elements() {
        long elements = 1;
        for (long extent : extents) {
            elements *= extent;
        }
        return elements;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Shape shape && Arrays.equals(extents, shape.extents);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(extents);
    }

    /** For example {@code [896, 4864]}. */
    @Override
    public String toString() {
        return Arrays.toString(extents);
    }
}
