package dev.longhand.kernels.matmul;

import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

import org.jspecify.annotations.Nullable;

/**
 * A linear layer in training: out = scale x W' + bias, and its gradients dx = scale dout W, dW +=
 * dout' x, dbias += the sum of the rows of dout. x, dx [rows, inputs], out, dout [rows, outputs], W
 * [outputs, inputs] in any dtype of weights.
 */
public final class LinearGradient {
    private LinearGradient() {}

    /**
     * Checks the shapes of one product.
     *
     * @param x input or its gradient
     * @param out output or its gradient
     * @throws IllegalArgumentException if they do not fit the weights
     */
    public static void check(Tensor x, Tensor weights, Tensor out) {
        Shape shape = weights.shape();
        if (shape.rank() != 2
                || x.shape().width() != shape.extent(1)
                || out.shape().width() != shape.extent(0)
                || x.shape().rows() != out.shape().rows()) {
            throw new IllegalArgumentException(
                    "linear: x %s, weights %s, out %s".formatted(x.shape(), shape, out.shape()));
        }
    }

    /** Returns scale x W' + bias in double precision. */
    public static double[] forward(
            double[] x, int rows, double[] weights, double @Nullable [] bias, double scale) {
        int inputs = x.length / rows;
        int outputs = weights.length / inputs;
        double[] out = new double[rows * outputs];
        for (int r = 0; r < rows; r++) {
            for (int o = 0; o < outputs; o++) {
                double sum = 0;
                for (int i = 0; i < inputs; i++) {
                    sum += x[r * inputs + i] * weights[o * inputs + i];
                }
                out[r * outputs + o] = scale * sum + (bias == null ? 0 : bias[o]);
            }
        }
        return out;
    }

    /** Returns dx = scale dout W in double precision. */
    public static double[] backwardInput(double[] dout, int rows, double[] weights, double scale) {
        int outputs = dout.length / rows;
        int inputs = weights.length / outputs;
        double[] dx = new double[rows * inputs];
        for (int r = 0; r < rows; r++) {
            for (int o = 0; o < outputs; o++) {
                double gradient = scale * dout[r * outputs + o];
                for (int i = 0; i < inputs; i++) {
                    dx[r * inputs + i] += gradient * weights[o * inputs + i];
                }
            }
        }
        return dx;
    }

    /** Returns dW = dout' x in double precision. */
    public static double[] backwardWeight(double[] dout, double[] x, int rows) {
        int outputs = dout.length / rows;
        int inputs = x.length / rows;
        double[] dw = new double[outputs * inputs];
        for (int r = 0; r < rows; r++) {
            for (int o = 0; o < outputs; o++) {
                for (int i = 0; i < inputs; i++) {
                    dw[o * inputs + i] += dout[r * outputs + o] * x[r * inputs + i];
                }
            }
        }
        return dw;
    }

    /** Returns the sum of the rows in double precision. */
    public static double[] backwardBias(double[] dout, int rows) {
        double[] sums = new double[dout.length / rows];
        for (int i = 0; i < dout.length; i++) {
            sums[i % sums.length] += dout[i];
        }
        return sums;
    }
}
