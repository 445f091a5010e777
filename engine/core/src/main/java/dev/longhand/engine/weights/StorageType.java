package dev.longhand.engine.weights;

import java.util.Arrays;
import java.util.Optional;

/**
 * The element types of the safetensors format, including those that no kernel reads: a file may
 * hold such tensors. Source: the {@code Dtype} enum of the safetensors crate, 0.7.
 */
enum StorageType {
    BOOL(8),
    F4(4),
    F6_E2M3(6),
    F6_E3M2(6),
    U8(8),
    I8(8),
    F8_E5M2(8),
    F8_E4M3(8),
    F8_E8M0(8),
    F8_E4M3FNUZ(8),
    F8_E5M2FNUZ(8),
    I16(16),
    U16(16),
    F16(16),
    BF16(16),
    I32(32),
    U32(32),
    F32(32),
    C64(64),
    F64(64),
    I64(64),
    U64(64);

    private final int bits;

    StorageType(int bits) {
        this.bits = bits;
    }

    int bits() {
        return bits;
    }

    static Optional<StorageType> of(String name) {
        return Arrays.stream(values()).filter(type -> type.name().equals(name)).findFirst();
    }
}
