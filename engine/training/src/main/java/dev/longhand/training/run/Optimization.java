package dev.longhand.training.run;

/**
 * Settings of AdamW and its learning rate.
 *
 * @param learningRate the peak
 * @param schedule the course of the learning rate
 * @param clipNorm limit for the norm of all gradients; 0 is none
 * @param beta1 decay of the first moment
 * @param beta2 decay of the second moment
 * @param epsilon added to the root of the second moment
 * @param weightDecay decoupled weight decay
 * @param loraPlusRatio learning rate of the matrices B over that of A: LoRA+; 1 is plain LoRA
 */
public record Optimization(
        double learningRate,
        Schedule schedule,
        double clipNorm,
        double beta1,
        double beta2,
        double epsilon,
        double weightDecay,
        double loraPlusRatio) {
    public Optimization {
        if (!(learningRate > 0)
                || !(clipNorm >= 0)
                || !(beta1 >= 0 && beta1 < 1)
                || !(beta2 >= 0 && beta2 < 1)
                || !(epsilon > 0)
                || !(weightDecay >= 0)
                || !(loraPlusRatio > 0)) {
            throw new IllegalArgumentException(
                    ("learningRate %s, clipNorm %s, beta1 %s, beta2 %s, epsilon %s, weightDecay %s,"
                                    + " loraPlusRatio %s")
                            .formatted(
                                    learningRate,
                                    clipNorm,
                                    beta1,
                                    beta2,
                                    epsilon,
                                    weightDecay,
                                    loraPlusRatio));
        }
    }

    /** Returns the study's settings with a learning rate: 1e-4 for LoRA, 1e-5 for all weights. */
    public static Optimization of(double learningRate) {
        return new Optimization(learningRate, Schedule.DEFAULT, 1, 0.9, 0.999, 1e-8, 0, 1);
    }

    /** Returns the same settings with another schedule. */
    public Optimization withSchedule(Schedule other) {
        return new Optimization(
                learningRate, other, clipNorm, beta1, beta2, epsilon, weightDecay, loraPlusRatio);
    }
}
