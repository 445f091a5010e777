package dev.longhand.bindings.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.bindings.cuda.CublasGemm.Operand;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;

/** The cases of {@link CublasGemmTest}, each in a process of its own. */
final class CublasCases {
    private static final int ALLOC_FAILED = 3;

    private CublasCases() {}

    public static void main(String[] arguments) throws Throwable {
        try (CudaDriver driver = CudaDrivers.open(CudaLibrary.at(Path.of(arguments[1])), 0)) {
            CudaQueue queue = CudaQueue.create(driver);
            switch (arguments[0]) {
                case "products" -> products(queue, Path.of(arguments[2]));
                case "failures" -> failures(queue, Path.of(arguments[2]));
                case "absent" -> absent(queue);
                case "notAsked" -> queue.synchronize();
                default -> throw new IllegalArgumentException(arguments[0]);
            }
        }
        System.out.print(StubCases.DONE);
    }

    private static long stub(Path library, String function) throws Throwable {
        return (long)
                Linker.nativeLinker()
                        .downcallHandle(
                                SymbolLookup.libraryLookup(library, Arena.global())
                                        .findOrThrow(function),
                                FunctionDescriptor.of(ValueLayout.JAVA_LONG))
                        .invokeExact();
    }

    private static void fail(Path library, int status) throws Throwable {
        Linker.nativeLinker()
                .downcallHandle(
                        SymbolLookup.libraryLookup(library, Arena.global())
                                .findOrThrow("stub_cublas_fail"),
                        FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT))
                .invokeExact(status);
    }

    /** bf16 of small integers is the upper half of their F32. */
    private static MemorySegment bf16(Arena arena, float... values) {
        MemorySegment segment = arena.allocate(ValueLayout.JAVA_SHORT, values.length);
        for (int i = 0; i < values.length; i++) {
            short bits = (short) (Float.floatToIntBits(values[i]) >>> 16);
            segment.setAtIndex(ValueLayout.JAVA_SHORT, i, bits);
        }
        return segment;
    }

    /** The stub driver's memory is the host's, so any native address will do. */
    @SuppressWarnings("try") // closes twice: it may be
    private static void products(CudaQueue queue, Path library) throws Throwable {
        try (Arena arena = Arena.ofConfined();
                CublasGemm gemm = CublasGemm.open(queue, List.of(library.toString()))) {
            assertEquals(120_600, gemm.version());
            assertEquals(queue.stream(), stub(library, "stub_cublas_stream"));
            // 2 inputs and a pad, 3 outputs, 2 rows; out has a fourth column that stays
            MemorySegment weights = bf16(arena, 1, 2, 99, 3, 4, 99, 5, 6, 99);
            MemorySegment x = bf16(arena, 1, 10, 99, 2, 20, 99);
            MemorySegment out = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 7, 7, 7, 7, 7, 7, 7, 7);
            float[] once = {21, 43, 65, 7, 42, 86, 130, 7};
            float[] twice = {42, 86, 130, 7, 84, 172, 260, 7};
            for (boolean accumulate : new boolean[] {false, true}) {
                gemm.multiply(
                        new Operand(weights.address(), 3),
                        new Operand(x.address(), 3),
                        new Operand(out.address(), 4),
                        2,
                        3,
                        2,
                        accumulate);
                assertArrayEquals(accumulate ? twice : once, out.toArray(ValueLayout.JAVA_FLOAT));
            }
            gemm.close();
            assertThrows(IllegalStateException.class, gemm::version);
        }
        assertEquals(0, (int) stub(library, "stub_cublas_live"));
    }

    private static void failures(CudaQueue queue, Path library) throws Throwable {
        List<String> names = List.of("libnothing.so.12", library.toString());
        try (CublasGemm gemm = CublasGemm.open(queue, names)) {
            fail(library, ALLOC_FAILED);
            CublasException refused =
                    assertThrows(
                            CublasException.class, () -> CublasGemm.open(queue, names).close());
            assertEquals("cublasSetStream", refused.call());
            assertEquals(1, (int) stub(library, "stub_cublas_live"), "the second handle is left");
            Operand nothing = new Operand(0, 8);
            CublasException failed =
                    assertThrows(
                            CublasException.class,
                            () -> gemm.multiply(nothing, nothing, nothing, 0, 4, 8, false));
            assertEquals(ALLOC_FAILED, failed.status());
            assertEquals("CUBLAS_STATUS_ALLOC_FAILED", failed.statusName());
            assertTrue(failed.getMessage().contains("0 rows, 8 -> 4"), failed.getMessage());
            assertTrue(failed.getMessage().endsWith(failed.remedy()), failed.getMessage());
        }
    }

    private static void absent(CudaQueue queue) {
        CudaUnavailableException notNvidia =
                assertThrows(CudaUnavailableException.class, () -> CublasGemm.open(queue));
        assertTrue(notNvidia.reason().startsWith("cuBLAS needs NVIDIA's driver"));
        List<String> names = List.of("libnothing.so.12", "/nowhere/libnothing.so.12");
        CudaUnavailableException noLibrary =
                assertThrows(CudaUnavailableException.class, () -> CublasGemm.open(queue, names));
        assertEquals(
                "cuBLAS cannot be loaded from libnothing.so.12 or /nowhere/libnothing.so.12",
                noLibrary.reason());
        assertTrue(noLibrary.remedy().startsWith("install cuBLAS of CUDA 12"));
    }
}
