package dev.longhand.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.bindings.cuda.CudaDriver;
import dev.longhand.bindings.cuda.CudaDrivers;
import dev.longhand.bindings.cuda.CudaQueue;
import dev.longhand.kernels.TestBackends;

import org.junit.jupiter.api.Test;

import java.lang.foreign.Arena;
import java.util.List;

/** Parameters and fields that are not those of the kernel are refused before a launch. */
class KernelCallTest {
    @Test
    void signaturesAreThoseOfThePtx() {
        String ptx =
                """
                .visible .entry first(
                .param .u64 first_param_0,
                .param .align 8 .b8 first_param_1[40],
                .param .f32 first_param_2
                )
                { ret; }
                .visible .entry second()
                { ret; }
                """;
        var signatures = KernelSignature.parse(ptx);
        assertEquals(2, signatures.size());
        assertEquals(new KernelSignature("first", List.of(8, 40, 4)), signatures.get("first"));
        assertEquals(new KernelSignature("second", List.of()), signatures.get("second"));
    }

    @Test
    void refusesParametersOfAnotherSizeAndMissingOnes() {
        KernelStruct batch = new KernelStruct("Batch");
        KernelSignature signature =
                new KernelSignature("kernel", List.of(8, 4, (int) batch.bytes()));
        try (Arena arena = Arena.ofConfined();
                CudaDriver driver = CudaDrivers.open(TestBackends.ptxDevice().library(), 0)) {
            CudaQueue queue = CudaQueue.create(driver);
            KernelCall call = new KernelCall(arena, queue, 0, signature, false);
            assertRefused(
                    "parameter 0 of kernel is not of 4 bytes", () -> call.begin().parameter(1));
            call.begin().parameter(1L);
            assertRefused("parameter 1 of kernel is not of 8 bytes", () -> call.parameter(1L));
            call.parameter(1);
            assertRefused(
                    "parameter 2 of kernel is not of 24 bytes",
                    () -> call.struct(new KernelStruct("PagedKv")));
            assertRefused("2 parameters are set", () -> call.launch(1, 1, 1, 32));
            call.struct(batch);
            assertRefused("parameter 3 of kernel is not of 4 bytes", () -> call.parameter(1f));
        }
    }

    @Test
    void refusesFieldsThatTheKernelsDoNotHave() {
        KernelStruct batch = new KernelStruct("Batch");
        assertRefused("`Batch row int32`", () -> batch.int32("row"));
        assertRefused("`Batch rows int64`", () -> batch.int64("rows"));
        assertRefused("`Bench bytes`", () -> new KernelStruct("Bench"));
    }

    private static void assertRefused(String part, Runnable action) {
        String message = assertThrows(IllegalStateException.class, action::run).getMessage();
        assertTrue(message.contains(part), message);
    }
}
