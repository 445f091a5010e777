package dev.longhand.kernels.tensor;

import java.util.Arrays;
import java.util.Optional;

/**
 * Element types that kernels read. Activations are always {@link #F32}; {@link #INT8} and {@link
 * #INT4} are for the weights of linear layers, see {@link Quantizer}.
 */
public enum DType {
    F32("F32", 1, 4),
    BF16("BF16", 1, 2),
    F16("F16", 1, 2),
    I32("I32", 1, 4),
    /** Blocks of 64 weights: two BF16 scales, then a byte each. */
    INT8("", 64, 68),
    /** Blocks of 64 weights: two BF16 scales, then half a byte each. */
    INT4("", 64, 36);

    private final String safetensorsName;
    private final int blockElements;
    private final int blockBytes;

    DType(String safetensorsName, int blockElements, int blockBytes) {
        this.safetensorsName = safetensorsName;
        this.blockElements = blockElements;
        this.blockBytes = blockBytes;
    }

    /** Whether elements share scales, so that single ones cannot be set. */
    public boolean quantized() {
        return blockElements > 1;
    }

    /**
     * Bytes per element.
     *
     * @throws IllegalStateException if quantised
     */
    public int bytes() {
        if (quantized()) {
            throw new IllegalStateException(this + " elements share bytes");
        }
        return blockBytes;
    }

    /** Bytes of elements side by side: whole blocks. */
    public long rowBytes(long width) {
        return Math.ceilDiv(width, blockElements) * blockBytes;
    }

    /** Bytes of a tensor. */
    public long bytes(Shape shape) {
        return shape.rows() * rowBytes(shape.width());
    }

    /** The dtype that a safetensors header calls {@code name}, if the kernels have it. */
    public static Optional<DType> ofSafetensors(String name) {
        return Arrays.stream(values())
                .filter(d -> !d.quantized() && d.safetensorsName.equals(name))
                .findFirst();
    }
}
