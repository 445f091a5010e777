package dev.longhand.kernels.norm;

/**
 * The gradients of {@link RmsNorm}: with r = 1 / sqrt(mean(x^2) + eps), n = x r and u = dout
 * weight, dx = r (u - n mean(u n)) and dweight = the sum over rows of dout n.
 */
public final class RmsNormGradient {
    private RmsNormGradient() {}

    /** Returns the norm in double precision. */
    public static double[] forward(double[] x, double[] weight, double eps) {
        double[] out = new double[x.length];
        int width = weight.length;
        for (int row = 0; row < x.length; row += width) {
            double scale = scale(x, row, width, eps);
            for (int i = 0; i < width; i++) {
                out[row + i] = x[row + i] * scale * weight[i];
            }
        }
        return out;
    }

    private static double scale(double[] x, int row, int width, double eps) {
        double squares = 0;
        for (int i = 0; i < width; i++) {
            squares += x[row + i] * x[row + i];
        }
        return 1 / Math.sqrt(squares / width + eps);
    }

    /** Returns dx in double precision and adds to dweight. */
    public static double[] backward(
            double[] x, double[] weight, double eps, double[] dout, double[] dweight) {
        double[] dx = new double[x.length];
        int width = weight.length;
        for (int row = 0; row < x.length; row += width) {
            double scale = scale(x, row, width, eps);
            double mean = 0;
            for (int i = 0; i < width; i++) {
                double normed = x[row + i] * scale;
                mean += dout[row + i] * weight[i] * normed / width;
                dweight[i] += dout[row + i] * normed;
            }
            for (int i = 0; i < width; i++) {
                dx[row + i] = scale * (dout[row + i] * weight[i] - x[row + i] * scale * mean);
            }
        }
        return dx;
    }
}
