package dev.longhand.kernels.tensor;

/** A row-major tensor in memory that only its backend may access. */
public interface Tensor {
    /** The element type. */
    DType dtype();

    /** The extents. */
    Shape shape();

    /**
     * Returns consecutive elements as a tensor of a shape, in the same memory.
     *
     * @param first row-major index of the first element
     * @throws UnsupportedOperationException if elements have no address of their own, as those of
     *     quantised weights
     */
    Tensor view(long first, Shape shape);

    /** Bytes of all elements. */
    default long bytes() {
        return dtype().bytes(shape());
    }
}
