package dev.longhand.kernels.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.stream.Stream;

/**
 * Of all 65,536 patterns of 16 bits, and at every kind of place, the tripwire finds the bad ones.
 */
class HostTensorTest {
    private static HostTensor zeros(Arena arena, DType dtype, long elements) {
        MemorySegment unaligned = arena.allocate(elements * dtype.bytes() + 1).asSlice(1);
        return new HostTensor(dtype, Shape.of((int) elements), unaligned);
    }

    private static void set(HostTensor tensor, long at, int bits) {
        if (tensor.dtype().bytes() == Short.BYTES) {
            tensor.data().set(ValueLayout.JAVA_SHORT_UNALIGNED, at * Short.BYTES, (short) bits);
        } else {
            tensor.data().set(ValueLayout.JAVA_INT_UNALIGNED, at * Integer.BYTES, bits);
        }
    }

    static Stream<DType> typesOfSingleElements() {
        return Arrays.stream(DType.values()).filter(dtype -> !dtype.quantized());
    }

    @ParameterizedTest
    @MethodSource("typesOfSingleElements")
    void everyPatternIsJudgedRight(DType dtype) {
        try (Arena arena = Arena.ofConfined()) {
            HostTensor tensor = zeros(arena, dtype, 3);
            for (int bits = 0; bits < 1 << 16; bits++) {
                set(tensor, 1, dtype.bytes() == Short.BYTES ? bits : bits << 16 | 1);
                boolean finite = dtype == DType.I32 || Float.isFinite(tensor.get(1));
                assertEquals(finite ? -1 : 1, tensor.findNonFinite());
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"F32", "BF16", "F16"})
    void theFirstIsFound(DType dtype) {
        long elements = 3 * 4096 + 7;
        int infinity = dtype == DType.F32 ? 0x7F80_0000 : dtype == DType.BF16 ? 0x7F80 : 0x7C00;
        try (Arena arena = Arena.ofConfined()) {
            for (long at : new long[] {0, 1, 4095, 4096, 8191, 12_287, 12_288, elements - 1}) {
                HostTensor tensor = zeros(arena, dtype, elements);
                set(tensor, at, infinity);
                set(tensor, elements - 1, infinity);
                assertEquals(at, tensor.findNonFinite());
            }
            assertEquals(-1, zeros(arena, dtype, elements).findNonFinite());
        }
    }
}
