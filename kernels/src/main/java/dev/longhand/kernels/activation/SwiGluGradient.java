package dev.longhand.kernels.activation;

/**
 * SwiGLU in training, gate and up apart: out = silu(gate) up with silu(g) = g s and s = 1 / (1 +
 * e^-g). The backward pass works in place: up becomes dup = dout silu(gate), gate becomes dgate =
 * dout up s (1 + gate (1 - s)), and dout becomes out.
 */
public final class SwiGluGradient {
    private SwiGluGradient() {}

    /** Returns silu(gate) up in double precision. */
    public static double[] forward(double[] gate, double[] up) {
        double[] out = new double[gate.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = gate[i] / (1 + Math.exp(-gate[i])) * up[i];
        }
        return out;
    }

    /** Replaces gate and up by their gradients and dout by the output, in double precision. */
    public static void backward(double[] gate, double[] up, double[] dout) {
        for (int i = 0; i < gate.length; i++) {
            double sigmoid = 1 / (1 + Math.exp(-gate[i]));
            double silu = gate[i] * sigmoid;
            double out = silu * up[i];
            gate[i] = dout[i] * up[i] * sigmoid * (1 + gate[i] * (1 - sigmoid));
            up[i] = dout[i] * silu;
            dout[i] = out;
        }
    }
}
