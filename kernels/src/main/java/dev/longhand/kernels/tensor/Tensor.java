package dev.longhand.kernels.tensor;

/** A row-major tensor in memory that only its backend may touch. */
public interface Tensor {
    /** The element type. */
    DType dtype();

    /** The extents. */
    Shape shape();

    /** Bytes that the elements take. */
    default long bytes() {
        return dtype().bytes(shape());
    }
}
