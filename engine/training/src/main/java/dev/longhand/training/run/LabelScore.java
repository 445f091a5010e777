package dev.longhand.training.run;

/**
 * The score of labels that are not learned.
 *
 * @param loss mean negative log-likelihood, normalised as in training
 * @param tokenAccuracy share of the labels that have the largest logit of their row
 */
public record LabelScore(double loss, double tokenAccuracy) {}
