package dev.longhand.kernels.tensor;

/** A row-major tensor in memory that only its backend may access. */
public interface Tensor {
    /** The element type. */
    DType dtype();

    /** The extents. */
    Shape shape();

    /** Bytes of all elements. */
    default long bytes() {
        return dtype().bytes(shape());
    }
}
