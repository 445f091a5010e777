package dev.longhand.engine.gguf;

import dev.longhand.kernels.tensor.DType;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The element types of tensors that are read. Source: {@code ggml_type} and {@code type_traits} in
 * ggml.
 */
public enum GgufType {
    F32(0, DType.F32),
    F16(1, DType.F16),
    BF16(30, DType.BF16),
    /** 4-bit integers less 8, times an F16 scale. */
    Q4_0(2, 32, 18, DType.INT4_F16),
    /** 4-bit integers times an F16 scale, plus an F16 minimum. */
    Q4_1(3, 32, 20, DType.INT4_MINIMA),
    /** 5-bit integers less 16, times an F16 scale. */
    Q5_0(6, 32, 22, DType.INT8_F16),
    /** 5-bit integers times an F16 scale, plus an F16 minimum. */
    Q5_1(7, 32, 24, DType.INT8_MINIMA),
    /** Signed bytes times an F16 scale. */
    Q8_0(8, 32, 34, DType.INT8_F16),
    /** 8 groups of 4-bit integers, with scales and minima of 6 bits times F16 factors. */
    Q4_K(12, 256, 144, DType.INT4_NESTED),
    /** As Q4_K, with 5-bit integers. */
    Q5_K(13, 256, 176, DType.INT8_NESTED),
    /** 16 groups of 6-bit integers less 32, with scales of 8 bits times an F16 factor. */
    Q6_K(14, 256, 210, DType.INT8_NESTED16);

    /** Names of types that are not read, for messages. */
    private static final Map<Integer, String> OTHERS =
            Map.ofEntries(
                    Map.entry(9, "Q8_1"),
                    Map.entry(10, "Q2_K"),
                    Map.entry(11, "Q3_K"),
                    Map.entry(15, "Q8_K"),
                    Map.entry(16, "IQ2_XXS"),
                    Map.entry(17, "IQ2_XS"),
                    Map.entry(18, "IQ3_XXS"),
                    Map.entry(19, "IQ1_S"),
                    Map.entry(20, "IQ4_NL"),
                    Map.entry(21, "IQ3_S"),
                    Map.entry(22, "IQ2_S"),
                    Map.entry(23, "IQ4_XS"),
                    Map.entry(24, "I8"),
                    Map.entry(25, "I16"),
                    Map.entry(26, "I32"),
                    Map.entry(27, "I64"),
                    Map.entry(28, "F64"),
                    Map.entry(29, "IQ1_M"),
                    Map.entry(34, "TQ1_0"),
                    Map.entry(35, "TQ2_0"),
                    Map.entry(39, "MXFP4"));

    private final int id;
    private final int blockWeights;
    private final int blockBytes;
    private final DType dtype;

    GgufType(int id, DType dtype) {
        this(id, 1, dtype.bytes(), dtype);
    }

    GgufType(int id, int blockWeights, int blockBytes, DType dtype) {
        this.id = id;
        this.blockWeights = blockWeights;
        this.blockBytes = blockBytes;
        this.dtype = dtype;
    }

    static Optional<GgufType> of(int id) {
        return Arrays.stream(values()).filter(type -> type.id == id).findFirst();
    }

    /** The name of any type, read or not. */
    static String name(int id) {
        return of(id).map(GgufType::name).orElseGet(() -> OTHERS.getOrDefault(id, "number " + id));
    }

    /** The names of all types that are read. */
    static String names() {
        return Arrays.stream(values()).map(GgufType::name).collect(Collectors.joining(", "));
    }

    /** Consecutive weights of a row that are stored together. */
    public int blockWeights() {
        return blockWeights;
    }

    /** Bytes of a block. */
    public int blockBytes() {
        return blockBytes;
    }

    /** The dtype that holds its values exactly: as stored, or that they are repacked to. */
    public DType dtype() {
        return dtype;
    }

    /** Whether weights share scales, so that no kernel reads them as they are stored. */
    public boolean quantized() {
        return dtype.quantized();
    }
}
