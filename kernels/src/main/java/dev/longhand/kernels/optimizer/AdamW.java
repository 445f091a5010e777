package dev.longhand.kernels.optimizer;

/**
 * One update of AdamW (Loshchilov and Hutter, 2019). With g = gradientScale times the gradient: m
 * += (1 - beta1) (g - m), v = beta2 v + (1 - beta2) g^2, w -= rate decay w, and w -= rate m' /
 * (sqrt(v') + epsilon), where m' = m / (1 - beta1^t) and v' = v / (1 - beta2^t).
 *
 * @param count number t of the update, from 1
 * @param rate learning rate
 * @param gradientScale factor on every gradient first, such as that of clipping
 * @param beta1 decay of the first moment
 * @param beta2 decay of the second moment
 * @param epsilon added to the root of the second moment
 * @param decay decoupled weight decay
 */
public record AdamW(
        long count,
        double rate,
        double gradientScale,
        double beta1,
        double beta2,
        double epsilon,
        double decay) {
    /** Returns 1 - beta1^t. */
    public double firstCorrection() {
        return 1 - Math.pow(beta1, (double) count);
    }

    /** Returns 1 - beta2^t. */
    public double secondCorrection() {
        return 1 - Math.pow(beta2, (double) count);
    }

    /** Updates weights and moments in double precision. */
    public void update(double[] weights, double[] gradient, double[] first, double[] second) {
        for (int i = 0; i < weights.length; i++) {
            double g = gradient[i] * gradientScale;
            first[i] = beta1 * first[i] + (1 - beta1) * g;
            second[i] = beta2 * second[i] + (1 - beta2) * g * g;
            double root = Math.sqrt(second[i] / secondCorrection()) + epsilon;
            weights[i] -= rate * decay * weights[i] + rate * first[i] / firstCorrection() / root;
        }
    }
}
