package dev.longhand.kernels.tensor;

import java.util.Arrays;
import java.util.Optional;

/** Element types that kernels read. Activations are always {@link #F32}. */
public enum DType {
    F32("F32", 4),
    BF16("BF16", 2),
    F16("F16", 2),
    I32("I32", 4);

    private final String safetensorsName;
    private final int bytes;

    DType(String safetensorsName, int bytes) {
        this.safetensorsName = safetensorsName;
        this.bytes = bytes;
    }

    /** Bytes per element. */
    public int bytes() {
        return bytes;
    }

    /** The dtype that a safetensors header calls {@code name}, if the kernels have it. */
    public static Optional<DType> ofSafetensors(String name) {
        return Arrays.stream(values()).filter(d -> d.safetensorsName.equals(name)).findFirst();
    }
}
