package dev.longhand.kernels.tensor;

import java.util.Arrays;
import java.util.Optional;

/**
 * Element types that kernels read. Activations are always {@link #F32}; the quantised ones are for
 * the weights of linear layers, see {@link QuantizedMatrix}.
 */
public enum DType {
    F32("F32", 1, 4),
    BF16("BF16", 1, 2),
    F16("F16", 1, 2),
    I32("I32", 1, 4),
    /** Groups of 32 weights that share a BF16 scale, 8 bits each; made by {@link Quantizer}. */
    INT8("", 64, 68),
    /** Groups of 32 weights that share a BF16 scale, 4 bits each; made by {@link Quantizer}. */
    INT4("", 64, 36),
    /**
     * Groups of 128 weights that share an F16 scale and a zero, 8 bits each, as GPTQ makes them.
     */
    INT8_G128("", 128, 132),
    /** Groups of 128 weights that share an F16 scale and a zero, 4 bits each: GPTQ and AWQ. */
    INT4_G128("", 128, 68),
    /**
     * Groups of 128 weights that share a BF16 scale, {@link E4m3} each; made by {@link Quantizer}.
     */
    FP8("", 128, 130);

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

    /** Whether quantised with zeros that weights share as they share scales: only imported. */
    public boolean zeroPoints() {
        return this == INT8_G128 || this == INT4_G128;
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

    /** Bytes of elements side by side, or a quantised row's share of its tile: whole blocks. */
    public long rowBytes(long width) {
        return Math.ceilDiv(width, blockElements) * blockBytes;
    }

    /** Bytes of a tensor; a quantised one has whole tiles of rows. */
    public long bytes(Shape shape) {
        int tile = quantized() ? QuantizedMatrix.TILE_ROWS : 1;
        return Math.ceilDiv(shape.rows(), tile) * tile * rowBytes(shape.width());
    }

    /** The dtype that a safetensors header calls {@code name}, if the kernels have it. */
    public static Optional<DType> ofSafetensors(String name) {
        return Arrays.stream(values())
                .filter(d -> !d.quantized() && d.safetensorsName.equals(name))
                .findFirst();
    }
}
