package dev.longhand.kernels.tensor;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The element types of tensors. Activations are always {@link #F32}. Quantised types are for the
 * weights of linear layers; each is defined by one {@link QuantFormat}.
 */
public enum DType {
    F32(Float.BYTES),
    BF16(Short.BYTES),
    F16(Short.BYTES),
    I32(Integer.BYTES),
    /** 8.5 bits a weight. */
    INT8(QuantFormat.made(Codes.UINT8, 32, 2, ScaleType.BF16, ZeroPoint.MIDDLE, Quantizer::int8)),
    /** 4.5 bits a weight. */
    INT4(QuantFormat.made(Codes.UINT4, 32, 2, ScaleType.BF16, ZeroPoint.MIDDLE, Quantizer::int4)),
    /** 8.25 bits a weight. */
    INT8_G128(QuantFormat.stored(Codes.UINT8, 128, 1, ScaleType.F16, ZeroPoint.STORED, "gptq")),
    /** 4.25 bits a weight. */
    INT4_G128(
            QuantFormat.stored(
                    Codes.UINT4, 128, 1, ScaleType.F16, ZeroPoint.STORED, "gptq", "awq")),
    /** 8.125 bits a weight. */
    FP8(QuantFormat.made(Codes.E4M3, 128, 1, ScaleType.BF16, ZeroPoint.NONE, Quantizer::fp8)),
    /** 8.5 bits a weight: Q8_0 and Q5_0 of GGUF. */
    INT8_F16(QuantFormat.stored(Codes.UINT8, 32, 2, ScaleType.F16, ZeroPoint.MIDDLE)),
    /** 4.5 bits a weight: Q4_0 of GGUF. */
    INT4_F16(QuantFormat.stored(Codes.UINT4, 32, 2, ScaleType.F16, ZeroPoint.MIDDLE)),
    /** 9 bits a weight: Q5_1 of GGUF. */
    INT8_MINIMA(QuantFormat.stored(Codes.UINT8, 32, 2, ScaleType.F16, ZeroPoint.MINIMUM)),
    /** 5 bits a weight: Q4_1 of GGUF. */
    INT4_MINIMA(QuantFormat.stored(Codes.UINT4, 32, 2, ScaleType.F16, ZeroPoint.MINIMUM)),
    /** 8.625 bits a weight: Q5_K of GGUF. */
    INT8_NESTED(QuantFormat.stored(Codes.UINT8, 32, 8, ScaleType.NESTED, ZeroPoint.MINIMUM)),
    /** 4.625 bits a weight: Q4_K of GGUF. */
    INT4_NESTED(QuantFormat.stored(Codes.UINT4, 32, 8, ScaleType.NESTED, ZeroPoint.MINIMUM)),
    /** 8.5625 bits a weight: Q6_K of GGUF. */
    INT8_NESTED16(QuantFormat.stored(Codes.UINT8, 16, 16, ScaleType.NESTED, ZeroPoint.MIDDLE));

    private final int bytes;

    @SuppressWarnings("ImmutableEnumChecker") // the quantiser in it is a static method
    private final @Nullable QuantFormat format;

    DType(int bytes) {
        this.bytes = bytes;
        format = null;
    }

    DType(QuantFormat format) {
        bytes = 0;
        this.format = format;
    }

    /** The name in settings, file names and kernel modules, such as {@code int4}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Whether elements share scales, so that a single element cannot be set. */
    public boolean quantized() {
        return format != null;
    }

    /** Whether {@link Quantizer} can produce it; other quantised dtypes come from checkpoints. */
    public boolean quantizable() {
        return format != null && format.quantizer() != null;
    }

    /**
     * The format of a quantised dtype.
     *
     * @throws IllegalStateException if it is not quantised
     */
    public QuantFormat format() {
        if (format == null) {
            throw new IllegalStateException(this + " elements have no groups");
        }
        return format;
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
        return bytes;
    }

    /** Bytes of a row; for a quantised dtype, its share of a tile, in whole blocks. */
    public long rowBytes(long width) {
        return format == null
                ? width * bytes
                : Math.ceilDiv(width, format.blockWeights()) * format.blockBytes();
    }

    /** Bytes of a tensor; a quantised one has whole tiles of rows. */
    public long bytes(Shape shape) {
        int tile = quantized() ? QuantizedMatrix.TILE_ROWS : 1;
        return Math.ceilDiv(shape.rows(), tile) * tile * rowBytes(shape.width());
    }

    /** The dtype that a safetensors header calls {@code name}, if the kernels have it. */
    public static Optional<DType> ofSafetensors(String name) {
        return Arrays.stream(values())
                .filter(dtype -> !dtype.quantized() && dtype.name().equals(name))
                .findFirst();
    }

    /** The quantised dtypes. */
    public static List<DType> quantizedTypes() {
        return Arrays.stream(values()).filter(DType::quantized).toList();
    }

    /** The dtypes that {@link Quantizer} can produce. */
    public static List<DType> quantizableTypes() {
        return Arrays.stream(values()).filter(DType::quantizable).toList();
    }

    /**
     * Returns the dtypes that store weights of checkpoints with this {@code quant_method} exactly,
     * fewest bits first.
     */
    public static List<DType> ofQuantMethod(String method) {
        return quantizedTypes().stream()
                .filter(dtype -> dtype.format().quantMethods().contains(method))
                .sorted(Comparator.comparingInt(dtype -> dtype.format().codes().bits()))
                .toList();
    }
}
