package dev.longhand.kernels.cases;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.bindings.cpu.CpuLibrary;
import dev.longhand.kernels.TestBackends;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.cpu.CpuBackend;
import dev.longhand.kernels.reference.ReferenceBackend;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Every op, on every instruction set of the CPU backend, on every shape of the table. */
class OpTableTest {
    @TestFactory
    Stream<DynamicTest> cpu() {
        return OpCases.all().stream()
                .map(
                        opCase ->
                                DynamicTest.dynamicTest(
                                        opCase.name(),
                                        () -> check(opCase, TestBackends.cpuLibrary())));
    }

    private static void check(OpCase opCase, CpuLibrary library) {
        float[] expected = run(opCase, ReferenceBackend::new);
        double bound = bound(expected, opCase.plain());
        List<String> isas = new ArrayList<>(library.isaNames());
        if (opCase.bytes() > 200_000_000) {
            isas = isas.subList(0, 1); // the best alone: the others only differ in speed
        }
        for (String isa : isas) {
            float[] actual = run(opCase, () -> new CpuBackend(library, isa, 2));
            double error = error(expected, actual);
            assertTrue(
                    error <= bound,
                    () ->
                            "%s on %s: error %g, allowed %g"
                                    .formatted(opCase.name(), isa, error, bound));
        }
    }

    private static float[] run(OpCase opCase, Supplier<ComputeBackend> open) {
        try (ComputeBackend backend = open.get();
                OpCase.Prepared prepared = opCase.prepare(backend)) {
            prepared.run();
            return prepared.result();
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
