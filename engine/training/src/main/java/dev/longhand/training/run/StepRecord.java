package dev.longhand.training.run;

/**
 * A finished step.
 *
 * @param step from 1
 * @param epoch rounds over the data so far
 * @param loss weighted mean of the labels' negative log-likelihood
 * @param gradientNorm norm of all gradients before clipping
 * @param learningRate as applied at this step
 * @param tokens tokens of the step
 * @param labelTokens learned tokens of the step
 * @param tokensPerSecond of this step
 * @param peakBytes peak of the process's resident memory; 0 where it is unknown
 * @param secondsLeft estimate of the remaining time, from the remaining tokens
 */
public record StepRecord(
        long step,
        double epoch,
        double loss,
        double gradientNorm,
        double learningRate,
        long tokens,
        long labelTokens,
        double tokensPerSecond,
        long peakBytes,
        double secondsLeft) {}
