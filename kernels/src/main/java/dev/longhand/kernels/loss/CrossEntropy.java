package dev.longhand.kernels.loss;

/**
 * Cross entropy of rows of logits: loss(r) = log(sum(exp(z))) - z[label(r)], where z is the logits
 * or their {@code activation.SoftCap}. The gradient of weight times loss, weight (softmax(z) -
 * one_hot(label)) dz with dz = 1, or 1 - (z / cap)^2 with a cap, replaces the logits.
 */
public final class CrossEntropy {
    private CrossEntropy() {}

    /**
     * Replaces logits by their gradients in double precision.
     *
     * @param logits [labels, vocabulary]
     * @param cap of the logits; 0 without one
     * @return the loss of each row
     */
    public static double[] differentiate(double[] logits, int[] labels, double cap, double weight) {
        int width = logits.length / labels.length;
        double[] slopes = new double[logits.length];
        for (int i = 0; i < logits.length; i++) {
            double share = cap == 0 ? 0 : Math.tanh(logits[i] / cap);
            logits[i] = cap == 0 ? logits[i] : cap * share;
            slopes[i] = 1 - share * share;
        }
        double[] losses = new double[labels.length];
        for (int row = 0; row < labels.length; row++) {
            double largest = Double.NEGATIVE_INFINITY;
            for (int i = 0; i < width; i++) {
                largest = Math.max(largest, logits[row * width + i]);
            }
            double sum = 0;
            for (int i = 0; i < width; i++) {
                sum += Math.exp(logits[row * width + i] - largest);
            }
            int label = row * width + labels[row];
            losses[row] = Math.log(sum) + largest - logits[label];
            for (int i = 0; i < width; i++) {
                int at = row * width + i;
                double share = Math.exp(logits[at] - largest) / sum;
                logits[at] = weight * (at == label ? share - 1 : share) * slopes[at];
            }
        }
        return losses;
    }
}
