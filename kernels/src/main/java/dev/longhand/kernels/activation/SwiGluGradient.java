package dev.longhand.kernels.activation;

/**
 * {@link SwiGlu} in training, gate and up apart: out = a(gate) up. The backward pass works in
 * place: up becomes dup = dout a(gate), gate becomes dgate = dout up a'(gate), and dout becomes
 * out.
 */
public final class SwiGluGradient {
    private SwiGluGradient() {}

    /** Returns a(gate) up in double precision. */
    public static double[] forward(double[] gate, double[] up, Activation activation) {
        double[] out = new double[gate.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = activation.of(gate[i]) * up[i];
        }
        return out;
    }

    /** Replaces gate and up by their gradients and dout by the output, in double precision. */
    public static void backward(double[] gate, double[] up, Activation activation, double[] dout) {
        for (int i = 0; i < gate.length; i++) {
            double activated = activation.of(gate[i]);
            double out = activated * up[i];
            gate[i] = dout[i] * up[i] * activation.slope(gate[i]);
            up[i] = dout[i] * activated;
            dout[i] = out;
        }
    }
}
