package dev.longhand.kernels.activation;

/** The activation of the gate in an MLP: of the form g s(z) with s(z) = 1 / (1 + exp(-z)). */
public enum Activation {
    /** SiLU: z = g. */
    SILU(1, 0),
    /**
     * GELU by its approximation with tanh (Hendrycks and Gimpel, 2016): g / 2 (1 + tanh(z / 2)),
     * which is g s(z), with z = 2 sqrt(2 / pi) (g + 0.044715 g^3).
     */
    GELU_TANH(2 * Math.sqrt(2 / Math.PI), 0.044715 * 2 * Math.sqrt(2 / Math.PI));

    private final double linear;
    private final double cubic;

    Activation(double linear, double cubic) {
        this.linear = linear;
        this.cubic = cubic;
    }

    private double share(double gate) {
        return 1 / (1 + Math.exp(-gate * (linear + cubic * gate * gate)));
    }

    /** Returns the activation of a gate. */
    public double of(double gate) {
        return gate * share(gate);
    }

    /** Returns the derivative of {@link #of}. */
    public double slope(double gate) {
        double share = share(gate);
        return share * (1 + gate * (linear + 3 * cubic * gate * gate) * (1 - share));
    }
}
