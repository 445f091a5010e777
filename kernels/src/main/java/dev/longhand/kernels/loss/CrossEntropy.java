package dev.longhand.kernels.loss;

/**
 * Cross entropy of rows of logits: loss(r) = log(sum(exp(z))) - z[label(r)]. The gradient of weight
 * times loss, weight (softmax(z) - one_hot(label)), replaces the logits.
 */
public final class CrossEntropy {
    private CrossEntropy() {}

    /**
     * Replaces logits by their gradients in double precision.
     *
     * @param logits [labels, vocabulary]
     * @return the loss of each row
     */
    public static double[] differentiate(double[] logits, int[] labels, double weight) {
        int width = logits.length / labels.length;
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
                logits[at] = weight * Math.exp(logits[at] - largest) / sum;
            }
            logits[label] -= weight;
        }
        return losses;
    }
}
