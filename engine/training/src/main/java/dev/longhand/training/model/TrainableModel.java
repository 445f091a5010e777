package dev.longhand.training.model;

import java.util.List;

/**
 * A model in training: the forward and backward pass of sequences and the update of the trained
 * tensors. Used by one thread at a time; it computes on its own threads.
 *
 * <p>Sums over rows run per sequence in a fixed order, and sequences are added in the order of the
 * calls. The bits of gradients and losses do not depend on the number of threads, on how a step is
 * cut into micro-batches, or on recomputation.
 */
public interface TrainableModel extends AutoCloseable {
    /** Returns the trained tensors, always in the same order. */
    List<TrainedTensor> tensors();

    /** Zeroes all gradients: begins a step. */
    void clearGradients();

    /**
     * Adds the gradients of a micro-batch, sequence by sequence.
     *
     * @return weighted loss of each sequence: the sum over its labels of weight times negative
     *     log-likelihood
     * @throws IllegalArgumentException if an id is outside the vocabulary
     */
    double[] addGradients(List<TrainingSequence> microBatch);

    /** Evaluates a sequence without gradients or dropout. */
    Evaluation evaluate(TrainingSequence sequence);

    /** Returns the sum of the squares of all gradients, in double and in a fixed order. */
    double gradientSquares();

    /** Updates every trained tensor from its gradient and publishes the new values. */
    void update(AdamWStep step);

    /** Publishes masters that the caller has written, such as restored or initial ones. */
    void publishMasters();

    @Override
    void close();

    /**
     * Loss and accuracy of one sequence.
     *
     * @param labels number of labels
     * @param lossSum sum of the negative log-likelihoods, unweighted
     * @param correct labels that have the largest logit of their row
     */
    record Evaluation(int labels, double lossSum, int correct) {}
}
