package dev.longhand.training.run;

/**
 * An evaluation.
 *
 * @param step number of updates so far
 * @param loss mean negative log-likelihood, normalised as in training
 * @param tokenAccuracy share of the labels that have the largest logit of their row
 * @param best whether the loss is the lowest so far
 */
public record EvaluationRecord(long step, double loss, double tokenAccuracy, boolean best) {}
