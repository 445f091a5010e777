package dev.longhand.kernels.training;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.kernels.activation.Activation;
import dev.longhand.kernels.activation.SwiGluGradient;
import dev.longhand.kernels.attention.AttentionOptions;
import dev.longhand.kernels.attention.CausalAttention;
import dev.longhand.kernels.embedding.EmbeddingGradient;
import dev.longhand.kernels.loss.CrossEntropy;
import dev.longhand.kernels.matmul.LinearGradient;
import dev.longhand.kernels.norm.RmsNormGradient;
import dev.longhand.kernels.rope.Rotation;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Random;
import java.util.function.ToDoubleFunction;

/**
 * The double-precision gradients against central differences of the forward passes: for a loss that
 * weighs each output by a random number, relative to the largest element within 1e-6.
 */
class GradientTest {
    private static final double STEP = 1e-5;
    private static final double TOLERANCE = 1e-6;

    private final Random random = new Random(21);

    private double[] normal(int count) {
        double[] values = new double[count];
        for (int i = 0; i < count; i++) {
            values[i] = random.nextGaussian();
        }
        return values;
    }

    private static double weighed(double[] out, double[] weights) {
        double sum = 0;
        for (int i = 0; i < out.length; i++) {
            sum += out[i] * weights[i];
        }
        return sum;
    }

    private static void check(
            String name, double[] at, double[] gradient, ToDoubleFunction<double[]> loss) {
        double largest = 0;
        double error = 0;
        for (int i = 0; i < at.length; i++) {
            double[] moved = at.clone();
            moved[i] += STEP;
            double up = loss.applyAsDouble(moved);
            moved[i] -= 2 * STEP;
            double difference = (up - loss.applyAsDouble(moved)) / (2 * STEP);
            largest = Math.max(largest, Math.abs(difference));
            error = Math.max(error, Math.abs(difference - gradient[i]));
        }
        assertTrue(error <= TOLERANCE * largest, name + ": " + error + " of " + largest);
    }

    @Test
    void linear() {
        int rows = 3;
        double[] x = normal(rows * 5);
        double[] w = normal(4 * 5);
        double[] bias = normal(4);
        double[] dout = normal(rows * 4);
        ToDoubleFunction<double[]> ofX =
                v -> weighed(LinearGradient.forward(v, rows, w, bias, 0.5), dout);
        check("dx", x, LinearGradient.backwardInput(dout, rows, w, 0.5), ofX);
        check(
                "dW",
                w,
                LinearGradient.backwardWeight(dout, x, rows),
                v -> weighed(LinearGradient.forward(x, rows, v, bias, 1), dout));
        check(
                "dbias",
                bias,
                LinearGradient.backwardBias(dout, rows),
                v -> weighed(LinearGradient.forward(x, rows, w, v, 1), dout));
    }

    @Test
    void rmsNorm() {
        double[] x = normal(21);
        double[] weight = normal(7);
        double[] dout = normal(21);
        double[] dweight = new double[7];
        double[] dx = RmsNormGradient.backward(x, weight, 1e-3, dout, dweight);
        check("dx", x, dx, v -> weighed(RmsNormGradient.forward(v, weight, 1e-3), dout));
        check("dweight", weight, dweight, v -> weighed(RmsNormGradient.forward(x, v, 1e-3), dout));
    }

    @ParameterizedTest
    @EnumSource
    void swiGlu(Activation activation) {
        double[] gate = normal(9);
        double[] up = normal(9);
        double[] dout = normal(9);
        double[] dgate = gate.clone();
        double[] dup = up.clone();
        SwiGluGradient.backward(dgate, dup, activation, dout.clone());
        check("dgate", gate, dgate, v -> weighed(SwiGluGradient.forward(v, up, activation), dout));
        check("dup", up, dup, v -> weighed(SwiGluGradient.forward(gate, v, activation), dout));
    }

    @Test
    void rotation() {
        int rows = 3;
        double[] x = normal(rows * 8);
        double[] table = new double[rows * 4];
        for (int row = 0; row < rows; row++) {
            for (int i = 0; i < 2; i++) {
                table[row * 4 + i] = Math.cos(row / (1.0 + i));
                table[row * 4 + 2 + i] = Math.sin(row / (1.0 + i));
            }
        }
        double[] dout = normal(rows * 8);
        double[] dx = dout.clone();
        Rotation.rotate(dx, table, rows, 4, true);
        check(
                "dx",
                x,
                dx,
                v -> {
                    double[] out = v.clone();
                    Rotation.rotate(out, table, rows, 4, false);
                    return weighed(out, dout);
                });
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1, 1, 2, 0, 0",
        "7, 2, 2, 4, 0, 0",
        "9, 3, 1, 4, 0, 0",
        "6, 10, 2, 2, 0, 0",
        "9, 2, 1, 4, 3, 0",
        "7, 2, 1, 4, 0, 0.7",
        "7, 4, 2, 2, 4, 2"
    })
    void attention(int positions, int heads, int kvHeads, int dim, int window, float cap) {
        AttentionOptions options = new AttentionOptions(0.6f, cap, window);
        CausalAttention shape = new CausalAttention(positions, heads, kvHeads, dim, options);
        double[] q = normal(positions * heads * dim);
        double[] k = normal(positions * kvHeads * dim);
        double[] v = normal(positions * kvHeads * dim);
        double[] dout = normal(q.length);
        double[] out = new double[q.length];
        double[] lse = new double[positions * heads];
        shape.forward(q, k, v, out, lse);
        double[] dq = new double[q.length];
        double[] dk = new double[k.length];
        double[] dv = new double[v.length];
        shape.backward(q, k, v, out, lse, dout, dq, dk, dv);
        if (positions > 1) { // a single weight is 1 whatever the scores
            check("dq", q, dq, at -> attended(shape, at, k, v, dout));
            check("dk", k, dk, at -> attended(shape, q, at, v, dout));
        }
        check("dv", v, dv, at -> attended(shape, q, k, at, dout));
    }

    private static double attended(
            CausalAttention shape, double[] q, double[] k, double[] v, double[] dout) {
        double[] out = new double[q.length];
        shape.forward(q, k, v, out, new double[shape.positions() * shape.heads()]);
        return weighed(out, dout);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 1.5})
    void crossEntropy(double cap) {
        int[] labels = {4, 0, 2};
        double[] logits = normal(15);
        double[] gradient = logits.clone();
        CrossEntropy.differentiate(gradient, labels, cap, 0.25);
        check(
                "dlogits",
                logits,
                gradient,
                v -> {
                    double sum = 0;
                    for (double loss : CrossEntropy.differentiate(v.clone(), labels, cap, 1)) {
                        sum += 0.25 * loss;
                    }
                    return sum;
                });
    }

    @Test
    void embedding() {
        int[] ids = {2, 0, 2};
        double[] table = normal(4 * 3);
        double[] dout = normal(ids.length * 3);
        double[] dtable = new double[table.length];
        EmbeddingGradient.backward(dout, ids, 1.5, dtable);
        check(
                "dtable",
                table,
                dtable,
                v -> {
                    double sum = 0;
                    for (int i = 0; i < dout.length; i++) {
                        sum += 1.5 * v[ids[i / 3] * 3 + i % 3] * dout[i];
                    }
                    return sum;
                });
    }
}
