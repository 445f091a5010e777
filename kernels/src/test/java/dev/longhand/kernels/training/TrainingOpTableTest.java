package dev.longhand.kernels.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.kernels.activation.Activation;
import dev.longhand.kernels.activation.SwiGluGradient;
import dev.longhand.kernels.attention.AttentionOptions;
import dev.longhand.kernels.attention.CausalAttention;
import dev.longhand.kernels.backend.TrainingBackend;
import dev.longhand.kernels.embedding.EmbeddingGradient;
import dev.longhand.kernels.lora.Dropout;
import dev.longhand.kernels.loss.CrossEntropy;
import dev.longhand.kernels.norm.RmsNormGradient;
import dev.longhand.kernels.optimizer.AdamW;
import dev.longhand.kernels.rope.Rotation;
import dev.longhand.kernels.tensor.BFloat16;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Arrays;
import java.util.List;

/** Every op of training but the products; see {@link TrainingOpChecks}. */
class TrainingOpTableTest extends TrainingOpChecks {
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
                width,
                sum(doubles(dout), RmsNormGradient.forward(doubles(x), doubles(weight), 1e-2f)),
                backend -> {
                    HostTensor actual = copy(dout);
                    backend.rmsNorm(x, weight, 1e-2f, actual, true);
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
    @CsvSource({"1, SILU", "31, SILU", "5000, SILU", "31, GELU_TANH", "5000, GELU_TANH"})
    void swiGlu(int width, Activation activation) {
        // roundings on the way; those of GELU's exponent are a product's of four factors
        int depth = activation == Activation.SILU ? 4 : 16;
        HostTensor gate = normal(2, width);
        HostTensor up = normal(2, width);
        HostTensor dout = normal(2, width);
        double[] dgate = doubles(gate);
        double[] dup = doubles(up);
        double[] out = doubles(dout);
        SwiGluGradient.backward(dgate, dup, activation, out);
        check(
                depth,
                SwiGluGradient.forward(doubles(gate), doubles(up), activation),
                backend -> {
                    HostTensor actual = zeros(2, width);
                    backend.swiGlu(gate, up, activation, actual);
                    return actual;
                });
        List<double[]> expected = List.of(dgate, dup, out);
        for (int which = 0; which < 3; which++) {
            int index = which;
            check(
                    depth,
                    expected.get(which),
                    backend -> {
                        List<HostTensor> actual = List.of(copy(gate), copy(up), copy(dout));
                        backend.swiGluBackward(
                                actual.get(0), actual.get(1), activation, actual.get(2));
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
        "1, 1, 1, 32, 0, 0",
        "2, 3, 1, 64, 0, 0",
        "95, 5, 5, 32, 0, 0",
        "96, 2, 2, 64, 0, 0",
        "97, 7, 1, 128, 0, 0",
        "200, 6, 2, 80, 0, 0",
        "33, 10, 2, 6, 0, 0",
        "291, 2, 1, 64, 0, 0",
        "97, 2, 1, 32, 1, 0",
        "200, 3, 1, 64, 96, 0",
        "291, 2, 1, 32, 33, 0",
        "97, 4, 2, 128, 0, 1.5",
        "200, 2, 1, 32, 130, 3"
    })
    void attention(int positions, int heads, int kvHeads, int dim, int window, float cap) {
        float scale = (float) (1 / Math.sqrt(dim + window));
        AttentionOptions options = new AttentionOptions(scale, cap, window);
        CausalAttention shape = new CausalAttention(positions, heads, kvHeads, dim, options);
        HostTensor q = normal(positions, (long) heads * dim);
        HostTensor k = normal(positions, (long) kvHeads * dim);
        HostTensor v = normal(positions, (long) kvHeads * dim);
        HostTensor dout = normal(positions, (long) heads * dim);
        double[] out = new double[positions * heads * dim];
        double[] lse = new double[positions * heads];
        shape.forward(doubles(q), doubles(k), doubles(v), out, lse);
        checkRounded(positions, out, backend -> forward(backend, shape, q, k, v).getFirst());
        checkRounded(positions, lse, backend -> forward(backend, shape, q, k, v).getLast());
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
            checkRounded(
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
    @CsvSource({"2, 0", "33, 0", "3000, 0", "33, 1.5", "3000, 4"})
    void crossEntropy(int vocabulary, double cap) {
        HostTensor logits = normal(3, vocabulary);
        int[] labels = {0, vocabulary - 1, vocabulary / 2};
        double[] gradient = doubles(logits);
        double[] losses = CrossEntropy.differentiate(gradient, labels, cap, 0.25);
        check(
                16,
                gradient,
                backend -> {
                    HostTensor actual = copy(logits);
                    double[] found = new double[3];
                    int[] best = new int[3];
                    backend.crossEntropy(actual, labels, cap, 0.25, found, best);
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
        EmbeddingGradient.backward(doubles(dout), ids, 1.5, expected);
        check(
                2,
                expected,
                backend -> {
                    HostTensor table = zeros(3, width);
                    backend.embedBackward(dout, ids, 1.5f, table);
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
        double squares = Arrays.stream(doubles(gradient)).map(g -> g * g).sum();
        check(
                1,
                new double[] {1},
                backend -> {
                    HostTensor share = zeros(1, 1);
                    double sum = backend.sumOfSquares(gradient);
                    assertEquals(squares, sum, squares * 1e-12);
                    share.set(0, (float) (sum / squares));
                    return share;
                });
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
