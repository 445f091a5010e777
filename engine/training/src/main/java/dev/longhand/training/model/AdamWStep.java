package dev.longhand.training.model;

/**
 * Settings of one AdamW update: {@code w -= lr * decay * w}, then {@code w -= lr * m' / (sqrt(v') +
 * epsilon)} with the bias-corrected moments m' and v'.
 *
 * @param count number of this update, from 1
 * @param learningRate learning rate of this step
 * @param learningRateB learning rate of the matrices named {@code lora_B}; equal to {@code
 *     learningRate} except in LoRA+
 * @param gradientScale factor applied to every gradient first: the clipping of the norm, at most 1
 * @param beta1 decay of the first moment
 * @param beta2 decay of the second moment
 * @param epsilon added to the root of the second moment
 * @param weightDecay decoupled weight decay
 */
public record AdamWStep(
        long count,
        double learningRate,
        double learningRateB,
        double gradientScale,
        double beta1,
        double beta2,
        double epsilon,
        double weightDecay) {}
