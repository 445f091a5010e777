package dev.longhand.kernels.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.bindings.cpu.CpuLibrary;
import dev.longhand.kernels.TestBackends;
import dev.longhand.kernels.backend.TrainingBackend;
import dev.longhand.kernels.cpu.CpuTrainingBackend;
import dev.longhand.kernels.tensor.BFloat16;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;

import org.junit.jupiter.api.AfterEach;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;

/**
 * Compares ops of training with their double-precision references on every instruction set, with 1,
 * 2 and 7 threads, whose bits must agree. An error may be that of a chain of F32 additions: four
 * units in the last place of the largest result, or of 1, the size of the terms, times the root of
 * the length of the sum.
 */
abstract class TrainingOpChecks {
    private static final int[] THREADS = {1, 2, 7};

    private final Random random = new Random(9);
    final Arena arena = Arena.ofShared();

    @AfterEach
    void close() {
        arena.close();
    }

    HostTensor normal(long rows, long width) {
        HostTensor tensor = zeros(rows, width);
        for (long i = 0; i < rows * width; i++) {
            tensor.set(i, (float) random.nextGaussian());
        }
        return tensor;
    }

    final HostTensor zeros(long rows, long width) {
        return HostTensor.allocate(arena, DType.F32, Shape.of(rows, width));
    }

    final HostTensor copy(HostTensor tensor) {
        return tensor.toF32(arena);
    }

    /** Returns a tensor in F16 or BF16. */
    final HostTensor narrow(HostTensor wide, boolean f16) {
        HostTensor narrow = HostTensor.allocate(arena, f16 ? DType.F16 : DType.BF16, wide.shape());
        for (long i = 0; i < wide.shape().elements(); i++) {
            short bits = f16 ? Float.floatToFloat16(wide.get(i)) : BFloat16.bits(wide.get(i));
            narrow.data().setAtIndex(ValueLayout.JAVA_SHORT, i, bits);
        }
        return narrow;
    }

    static double[] doubles(HostTensor tensor) {
        double[] values = new double[Math.toIntExact(tensor.shape().elements())];
        for (int i = 0; i < values.length; i++) {
            values[i] = tensor.get(i);
        }
        return values;
    }

    /** Runs an op that rounds values or weights to BF16 where a product's operands are BF16. */
    void checkRounded(int depth, double[] expected, Function<TrainingBackend, HostTensor> op) {
        check(depth, expected, op);
    }

    /** Runs an op everywhere; each result is the outputs side by side. */
    void check(int depth, double[] expected, Function<TrainingBackend, HostTensor> op) {
        CpuLibrary library = TestBackends.cpuLibrary();
        for (String isa : library.isaNames()) {
            List<double[]> results = new ArrayList<>();
            for (int threads : THREADS) {
                try (TrainingBackend backend =
                        new CpuTrainingBackend(library, isa, threads, DType.F32)) {
                    results.add(doubles(op.apply(backend)));
                }
            }
            assertArrayEquals(results.get(0), results.get(1), isa);
            assertArrayEquals(results.get(0), results.get(2), isa);
            assertClose(isa, depth, expected, results.get(0));
        }
    }

    static void assertClose(String isa, int depth, double[] expected, double[] actual) {
        double bound = 4 * Math.ulp((float) Math.max(1, largest(expected))) * Math.sqrt(depth);
        assertWithin(isa, bound, expected, actual);
    }

    static double largest(double[] values) {
        double largest = 0;
        for (double value : values) {
            largest = Math.max(largest, Math.abs(value));
        }
        return largest;
    }

    static void assertWithin(String where, double bound, double[] expected, double[] actual) {
        assertEquals(expected.length, actual.length);
        double error = 0;
        for (int i = 0; i < expected.length; i++) {
            double difference = Math.abs(expected[i] - actual[i]);
            error = Double.isNaN(difference) ? Double.NaN : Math.max(error, difference);
        }
        assertTrue(error <= bound, "%s: error %g, allowed %g".formatted(where, error, bound));
    }

    static double[] sum(double[] a, double[] b) {
        double[] sum = new double[a.length];
        for (int i = 0; i < a.length; i++) {
            sum[i] = a[i] + b[i];
        }
        return sum;
    }
}
