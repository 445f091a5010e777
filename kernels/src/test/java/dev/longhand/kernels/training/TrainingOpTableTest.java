package dev.longhand.kernels.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.bindings.cpu.CpuLibrary;
import dev.longhand.kernels.TestBackends;
import dev.longhand.kernels.activation.SwiGluGradient;
import dev.longhand.kernels.attention.CausalAttention;
import dev.longhand.kernels.backend.TrainingBackend;
import dev.longhand.kernels.cpu.CpuTrainingBackend;
import dev.longhand.kernels.embedding.EmbeddingGradient;
import dev.longhand.kernels.lora.Dropout;
import dev.longhand.kernels.loss.CrossEntropy;
import dev.longhand.kernels.matmul.LinearGradient;
import dev.longhand.kernels.norm.RmsNormGradient;
import dev.longhand.kernels.optimizer.AdamW;
import dev.longhand.kernels.rope.Rotation;
import dev.longhand.kernels.tensor.BFloat16;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Function;

/**
 * Every op of training against its double-precision reference on every instruction set, with 1, 2
 * and 7 threads, whose bits must agree. An error may be that of a chain of F32 additions: four
 * units in the last place of the largest result, or of 1, the size of the terms, times the root of
 * the length of the sum.
 */
class TrainingOpTableTest {
    private static final int[] THREADS = {1, 2, 7};

    private final Random random = new Random(9);
    private final Arena arena = Arena.ofShared();

    @AfterEach
    void close() {
        arena.close();
    }

    private HostTensor normal(long rows, long width) {
        HostTensor tensor = zeros(rows, width);
        for (long i = 0; i < rows * width; i++) {
            tensor.set(i, (float) random.nextGaussian());
        }
        return tensor;
    }

    private HostTensor zeros(long rows, long width) {
        return HostTensor.allocate(arena, DType.F32, Shape.of(rows, width));
    }

    private HostTensor copy(HostTensor tensor) {
        return tensor.toF32(arena);
    }

    private static double[] doubles(HostTensor tensor) {
        double[] values = new double[Math.toIntExact(tensor.shape().elements())];
        for (int i = 0; i < values.length; i++) {
            values[i] = tensor.get(i);
        }
        return values;
    }

    /** Runs an op everywhere; each result is the outputs side by side. */
    private static void check(
            int depth, double[] expected, Function<TrainingBackend, HostTensor> op) {
        CpuLibrary library = TestBackends.cpuLibrary();
        for (String isa : library.isaNames()) {
            List<double[]> results = new ArrayList<>();
            for (int threads : THREADS) {
                try (TrainingBackend backend = new CpuTrainingBackend(library, isa, threads)) {
                    results.add(doubles(op.apply(backend)));
                }
            }
            assertArrayEquals(results.get(0), results.get(1), isa);
            assertArrayEquals(results.get(0), results.get(2), isa);
            assertClose(isa, depth, expected, results.get(0));
        }
    }

    private static void assertClose(String isa, int depth, double[] expected, double[] actual) {
        assertEquals(expected.length, actual.length);
        double largest = 0;
        double error = 0;
        for (int i = 0; i < expected.length; i++) {
            largest = Math.max(largest, Math.abs(expected[i]));
            double difference = Math.abs(expected[i] - actual[i]);
            error = Double.isNaN(difference) ? Double.NaN : Math.max(error, difference);
        }
        double bound = 4 * Math.ulp((float) Math.max(1, largest)) * Math.sqrt(depth);
        assertTrue(error <= bound, "%s: error %g, allowed %g".formatted(isa, error, bound));
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1, 1",
        "2, 7, 3",
        "11, 64, 33",
        "13, 96, 50",
        "97, 385, 130",
        "400, 64, 8",
        "5, 900, 1029"
    })
    void linear(int rows, int inputs, int outputs) {
        HostTensor x = normal(rows, inputs);
        HostTensor w = normal(outputs, inputs);
        HostTensor bias = normal(1, outputs);
        HostTensor dout = normal(rows, outputs);
        check(
                inputs,
                LinearGradient.forward(doubles(x), rows, doubles(w), doubles(bias), 0.5),
                backend -> {
                    HostTensor out = zeros(rows, outputs);
                    backend.linear(x, w, bias, 0.5, out, false);
                    return out;
                });
        check(
                outputs,
                sum(doubles(x), LinearGradient.backwardInput(doubles(dout), rows, doubles(w), 2)),
                backend -> {
                    HostTensor dx = copy(x);
                    backend.linearBackwardInput(dout, w, 2, dx, true);
                    return dx;
                });
        check(
                rows,
                sum(doubles(w), LinearGradient.backwardWeight(doubles(dout), doubles(x), rows)),
                backend -> {
                    HostTensor dw = copy(w);
                    backend.linearBackwardWeight(dout, x, dw);
                    return dw;
                });
        check(
                rows,
                sum(doubles(bias), LinearGradient.backwardBias(doubles(dout), rows)),
                backend -> {
                    HostTensor dbias = copy(bias);
                    backend.biasBackward(dout, dbias);
                    return dbias;
                });
    }

    private static double[] sum(double[] a, double[] b) {
        double[] sum = new double[a.length];
        for (int i = 0; i < a.length; i++) {
            sum[i] = a[i] + b[i];
        }
        return sum;
    }

    /** Weights in every format are used as they lie. */
    @ParameterizedTest
    @CsvSource({
        "BF16, 33, 70, 45",
        "F16, 33, 70, 45",
        "INT8, 33, 70, 45",
        "INT4, 33, 70, 45",
        "INT8, 14, 896, 400",
        "INT4, 14, 896, 400"
    })
    void weightFormats(DType dtype, int rows, int inputs, int outputs) {
        HostTensor x = normal(rows, inputs);
        HostTensor dout = normal(rows, outputs);
        HostTensor stored = narrow(normal(outputs, inputs), dtype == DType.F16);
        Function<TrainingBackend, HostTensor> placed =
                backend ->
                        dtype.quantized()
                                ? (HostTensor) backend.memory().quantize(stored, dtype)
                                : stored;
        double[] values;
        try (TrainingBackend backend = new CpuTrainingBackend(TestBackends.cpuLibrary(), null, 1)) {
            values = doubles(placed.apply(backend));
        }
        check(
                inputs,
                LinearGradient.forward(doubles(x), rows, values, null, 1),
                backend -> {
                    HostTensor out = zeros(rows, outputs);
                    backend.linear(x, placed.apply(backend), null, 1, out, false);
                    return out;
                });
        check(
                outputs,
                LinearGradient.backwardInput(doubles(dout), rows, values, 1),
                backend -> {
                    HostTensor dx = zeros(rows, inputs);
                    backend.linearBackwardInput(dout, placed.apply(backend), 1, dx, false);
                    return dx;
                });
    }

    private HostTensor narrow(HostTensor wide, boolean f16) {
        HostTensor narrow = HostTensor.allocate(arena, f16 ? DType.F16 : DType.BF16, wide.shape());
        for (long i = 0; i < wide.shape().elements(); i++) {
            short bits = f16 ? Float.floatToFloat16(wide.get(i)) : BFloat16.bits(wide.get(i));
            narrow.data().setAtIndex(ValueLayout.JAVA_SHORT, i, bits);
        }
        return narrow;
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "3, 17", "260, 33", "300, 128"})
    void rmsNorm(int rows, int width) {
        HostTensor x = normal(rows, width);
        HostTensor weight = normal(1, width);
        HostTensor dout = normal(rows, width);
        double[] dweight = new double[width];
        double[] dx =
                RmsNormGradient.backward(
                        doubles(x), doubles(weight), 1e-2f, doubles(dout), dweight);
        check(
                width,
                sum(doubles(dout), dx),
                backend -> {
                    HostTensor actual = copy(dout);
                    backend.rmsNormBackward(x, weight, 1e-2f, dout, actual, null);
                    return actual;
                });
        check(
                rows,
                dweight,
                backend -> {
                    HostTensor actual = zeros(1, width);
                    backend.rmsNormBackward(x, weight, 1e-2f, dout, zeros(rows, width), actual);
                    return actual;
                });
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 31, 5000})
    void swiGlu(int width) {
        HostTensor gate = normal(2, width);
        HostTensor up = normal(2, width);
        HostTensor dout = normal(2, width);
        double[] dgate = doubles(gate);
        double[] dup = doubles(up);
        double[] out = doubles(dout);
        SwiGluGradient.backward(dgate, dup, out);
        check(
                4,
                SwiGluGradient.forward(doubles(gate), doubles(up)),
                backend -> {
                    HostTensor actual = zeros(2, width);
                    backend.swiGlu(gate, up, actual);
                    return actual;
                });
        List<double[]> expected = List.of(dgate, dup, out);
        for (int which = 0; which < 3; which++) {
            int index = which;
            check(
                    4,
                    expected.get(which),
                    backend -> {
                        List<HostTensor> actual = List.of(copy(gate), copy(up), copy(dout));
                        backend.swiGluBackward(actual.get(0), actual.get(1), actual.get(2));
                        return actual.get(index);
                    });
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void rotation(boolean back) {
        HostTensor x = normal(5, 3 * 6);
        HostTensor table = normal(5, 6);
        double[] expected = doubles(x);
        Rotation.rotate(expected, doubles(table), 5, 6, back);
        check(
                2,
                expected,
                backend -> {
                    HostTensor actual = copy(x);
                    backend.rotate(actual, table, back);
                    return actual;
                });
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1, 1, 32",
        "2, 3, 1, 64",
        "95, 5, 5, 32",
        "96, 2, 2, 64",
        "97, 7, 1, 128",
        "200, 6, 2, 80",
        "33, 10, 2, 6",
        "291, 2, 1, 64"
    })
    void attention(int positions, int heads, int kvHeads, int dim) {
        CausalAttention shape = new CausalAttention(positions, heads, kvHeads, dim);
        HostTensor q = normal(positions, (long) heads * dim);
        HostTensor k = normal(positions, (long) kvHeads * dim);
        HostTensor v = normal(positions, (long) kvHeads * dim);
        HostTensor dout = normal(positions, (long) heads * dim);
        double[] out = new double[positions * heads * dim];
        double[] lse = new double[positions * heads];
        shape.forward(doubles(q), doubles(k), doubles(v), out, lse);
        check(positions, out, backend -> forward(backend, shape, q, k, v).getFirst());
        check(positions, lse, backend -> forward(backend, shape, q, k, v).getLast());
        List<double[]> expected =
                List.of(
                        new double[out.length],
                        new double[positions * kvHeads * dim],
                        new double[positions * kvHeads * dim]);
        shape.backward(
                doubles(q),
                doubles(k),
                doubles(v),
                out,
                lse,
                doubles(dout),
                expected.get(0),
                expected.get(1),
                expected.get(2));
        for (int which = 0; which < 3; which++) {
            int index = which;
            check(
                    positions * dim,
                    expected.get(which),
                    backend -> {
                        List<HostTensor> kept = forward(backend, shape, q, k, v);
                        List<HostTensor> gradients = List.of(copy(q), copy(k), copy(v));
                        backend.attentionBackward(
                                shape,
                                q,
                                k,
                                v,
                                kept.getFirst(),
                                kept.getLast(),
                                dout,
                                gradients.get(0),
                                gradients.get(1),
                                gradients.get(2));
                        return gradients.get(index);
                    });
        }
    }

    private List<HostTensor> forward(
            TrainingBackend backend,
            CausalAttention shape,
            HostTensor q,
            HostTensor k,
            HostTensor v) {
        HostTensor out = zeros(q.shape().rows(), q.shape().width());
        HostTensor lse = zeros(shape.positions(), shape.heads());
        backend.attention(shape, q, k, v, out, lse);
        return List.of(out, lse);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 33, 3000})
    void crossEntropy(int vocabulary) {
        HostTensor logits = normal(3, vocabulary);
        int[] labels = {0, vocabulary - 1, vocabulary / 2};
        double[] gradient = doubles(logits);
        double[] losses = CrossEntropy.differentiate(gradient, labels, 0.25);
        check(
                16,
                gradient,
                backend -> {
                    HostTensor actual = copy(logits);
                    double[] found = new double[3];
                    int[] best = new int[3];
                    backend.crossEntropy(actual, labels, 0.25, found, best);
                    assertArrayEquals(losses, found, 1e-6);
                    for (int row = 0; row < 3; row++) {
                        for (int i = 0; i < vocabulary; i++) {
                            long at = (long) row * vocabulary;
                            assertTrue(logits.get(at + i) <= logits.get(at + best[row]));
                        }
                    }
                    return actual;
                });
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 70})
    void embedding(int width) {
        HostTensor dout = normal(4, width);
        int[] ids = {2, 0, 2, 1};
        double[] expected = new double[3 * width];
        EmbeddingGradient.backward(doubles(dout), ids, expected);
        check(
                2,
                expected,
                backend -> {
                    HostTensor table = zeros(3, width);
                    backend.embedBackward(dout, ids, table);
                    return table;
                });
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 1000})
    void adamW(long count) {
        HostTensor weights = normal(1, 40_000);
        HostTensor gradient = normal(1, 40_000);
        HostTensor first = normal(1, 40_000);
        double[] second = new double[40_000];
        Arrays.fill(second, 0.25);
        double[] expected = doubles(weights);
        AdamW step = new AdamW(count, 1e-3, 0.5, 0.9, 0.999, 1e-8, 0.01);
        step.update(expected, doubles(gradient), doubles(first), second);
        check(
                4,
                expected,
                backend -> {
                    HostTensor actual = copy(weights);
                    HostTensor moment = zeros(1, 40_000);
                    for (long i = 0; i < 40_000; i++) {
                        moment.set(i, 0.25f);
                    }
                    HostTensor rounded =
                            HostTensor.allocate(arena, DType.BF16, Shape.of(1, 40_000));
                    backend.update(step, actual, gradient, copy(first), moment, rounded);
                    for (long i = 0; i < 40_000; i++) {
                        assertEquals(BFloat16.round(actual.get(i)), rounded.get(i));
                    }
                    return actual;
                });
        double squares = 0;
        for (double g : doubles(gradient)) {
            squares += g * g;
        }
        try (TrainingBackend backend = new CpuTrainingBackend(TestBackends.cpuLibrary(), null, 2)) {
            assertEquals(squares, backend.sumOfSquares(gradient), squares * 1e-12);
        }
    }

    /** A mask depends on the row of the sequence, not on how the rows are cut. */
    @ParameterizedTest
    @ValueSource(doubles = {0.9, 0.5})
    void dropout(double keep) {
        int width = 33;
        HostTensor x = normal(8, width);
        double[] expected = doubles(x);
        int kept = 0;
        for (int i = 0; i < expected.length; i++) {
            double factor = Dropout.factor(77, i + 3L * width, keep);
            kept += factor > 0 ? 1 : 0;
            expected[i] *= factor;
        }
        assertEquals(keep, kept / (double) expected.length, 0.1);
        check(
                1,
                expected,
                backend -> {
                    HostTensor out = zeros(8, width);
                    backend.dropout(x, 3, 77, keep, out, true);
                    return out;
                });
    }
}
