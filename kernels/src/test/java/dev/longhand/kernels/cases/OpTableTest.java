package dev.longhand.kernels.cases;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.bindings.cpu.CpuLibrary;
import dev.longhand.bindings.cuda.CudaLibrary;
import dev.longhand.bindings.ptx.PtxDevice;
import dev.longhand.kernels.TestBackends;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.cpu.CpuBackend;
import dev.longhand.kernels.cuda.CudaBackend;
import dev.longhand.kernels.reference.ReferenceBackend;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * Every op on every shape of the table: on every instruction set of the CPU backend, and by the
 * CUDA kernels on the PTX device, where blocks and warps run first to last, last to first and
 * shuffled, and no check may find anything.
 */
class OpTableTest {
    private static final long[] SEEDS = {0, 1, 20_261_123};

    /** Cases above this run once: warps meet in the same ways in every block. */
    private static final long REPEATED_BYTES_MAX = 40_000_000;

    private static final Map<String, float[]> EXPECTED = new ConcurrentHashMap<>();

    @TestFactory
    Stream<DynamicTest> cpu() {
        return OpCases.all().stream()
                .map(
                        opCase ->
                                DynamicTest.dynamicTest(
                                        opCase.name(),
                                        () -> checkCpu(opCase, TestBackends.cpuLibrary())));
    }

    @TestFactory
    Stream<DynamicTest> ptx() {
        return OpCases.all().stream()
                .map(
                        opCase ->
                                DynamicTest.dynamicTest(
                                        opCase.name(),
                                        () -> checkPtx(opCase, TestBackends.ptxDevice())));
    }

    /** The same kernels on this machine's GPU. */
    @Tag("gpu")
    @TestFactory
    Stream<DynamicTest> gpu() {
        return OpCases.all().stream()
                .map(opCase -> DynamicTest.dynamicTest(opCase.name(), () -> checkGpu(opCase)));
    }

    private static float[] expected(OpCase opCase) {
        return EXPECTED.computeIfAbsent(opCase.name(), name -> run(opCase, new ReferenceBackend()));
    }

    private static void checkCpu(OpCase opCase, CpuLibrary library) {
        double bound = bound(expected(opCase), opCase.plain(Precision.F32));
        List<String> isas = new ArrayList<>(library.isaNames());
        if (opCase.bytes() > 200_000_000) {
            isas = isas.subList(0, 1); // the best alone: the others only differ in speed
        }
        for (String isa : isas) {
            check(opCase, isa, new CpuBackend(library, isa, 2), bound);
        }
    }

    private static void checkPtx(OpCase opCase, PtxDevice device) {
        double bound = bound(expected(opCase), opCase.plain(Precision.BF16));
        device.clear();
        for (long seed : SEEDS) {
            if (seed != SEEDS[0] && opCase.bytes() > REPEATED_BYTES_MAX) {
                break;
            }
            device.seed(seed);
            check(opCase, "ptx, seed " + seed, new CudaBackend(device.library(), 0), bound);
            assertEquals(List.of(), device.findings());
        }
        assertEquals(0, device.live());
    }

    private static void checkGpu(OpCase opCase) {
        TestBackends.requireGpu();
        double bound = bound(expected(opCase), opCase.plain(Precision.BF16));
        check(opCase, "gpu", new CudaBackend(CudaLibrary.system(), 0), bound);
    }

    private static void check(OpCase opCase, String where, ComputeBackend open, double bound) {
        float[] actual = run(opCase, open);
        double error = error(expected(opCase), actual);
        assertTrue(
                error <= bound,
                () ->
                        "%s on %s: error %g, allowed %g"
                                .formatted(opCase.name(), where, error, bound));
    }

    @SuppressWarnings("MustBeClosedChecker") // closed here
    private static float[] run(OpCase opCase, ComputeBackend open) {
        try (ComputeBackend backend = open) {
            opCase.refusal(backend).ifPresent(reason -> Assumptions.abort("no kernel: " + reason));
            try (OpCase.Prepared prepared = opCase.prepare(backend)) {
                prepared.run();
                return prepared.result();
            }
        }
    }

    private static double bound(float[] expected, float[] plain) {
        float largest = 0;
        for (float value : expected) {
            largest = Math.max(largest, Math.abs(value));
        }
        return 2 * error(expected, plain) + Math.ulp(largest);
    }

    private static double error(float[] expected, float[] actual) {
        double error = 0;
        for (int i = 0; i < expected.length; i++) {
            double difference = Math.abs((double) expected[i] - actual[i]);
            error =
                    Double.isNaN(difference)
                            ? Double.POSITIVE_INFINITY
                            : Math.max(error, difference);
        }
        return error;
    }
}
