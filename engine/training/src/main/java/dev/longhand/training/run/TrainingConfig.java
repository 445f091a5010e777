package dev.longhand.training.run;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Settings of a run.
 *
 * @param out folder of the run: {@code last}, {@code best}, {@code state}, {@code train.jsonl},
 *     {@code loss.svg}, {@code norm.svg}, {@code run.json}
 * @param optimization optimizer and learning rate
 * @param batches division into steps
 * @param evaluation the evaluations
 * @param saves the checkpoints
 * @param provenance further facts for {@code run.json}, such as the model. A run resumes only with
 *     the same ones
 */
public record TrainingConfig(
        Path out,
        Optimization optimization,
        Batches batches,
        Evaluation evaluation,
        Saves saves,
        Map<String, String> provenance) {
    /**
     * Evaluations on data that is not learned, by loss, by answers, or both.
     *
     * @param everySteps steps between two; 0 is one per epoch. There is one at the end always
     * @param patience evaluations in a row without a new best that end the run early; 0 never ends
     *     it
     */
    public record Evaluation(int everySteps, int patience) {
        public static final Evaluation DEFAULT = new Evaluation(0, 0);

        public Evaluation {
            if (everySteps < 0 || patience < 0) {
                throw new IllegalArgumentException(
                        "everySteps %d, patience %d".formatted(everySteps, patience));
            }
        }
    }

    /**
     * Checkpoints, from which a run resumes with the same bits.
     *
     * @param everySteps steps between two; 0 is one per epoch. There is one at the end always
     * @param keep number of checkpoints that are kept, at least 1
     * @param resume whether the run continues from the newest checkpoint in the folder, if any
     * @param extend whether a resumed run may have another number of steps, which changes the
     *     learning rates from there on
     */
    public record Saves(int everySteps, int keep, boolean resume, boolean extend) {
        public static final Saves DEFAULT = new Saves(0, 3, false, false);

        public Saves {
            if (everySteps < 0 || keep < 1) {
                throw new IllegalArgumentException(
                        "everySteps %d, keep %d".formatted(everySteps, keep));
            }
        }
    }

    public TrainingConfig {
        provenance = Map.copyOf(provenance);
    }

    /** Returns the study's settings with a learning rate. */
    public static TrainingConfig of(Path out, double learningRate) {
        return new TrainingConfig(
                out,
                Optimization.of(learningRate),
                Batches.DEFAULT,
                Evaluation.DEFAULT,
                Saves.DEFAULT,
                Map.of());
    }

    /** Returns the same settings with other batches. */
    public TrainingConfig withBatches(Batches other) {
        return new TrainingConfig(out, optimization, other, evaluation, saves, provenance);
    }

    /** Returns the same settings with another optimizer. */
    public TrainingConfig withOptimization(Optimization other) {
        return new TrainingConfig(out, other, batches, evaluation, saves, provenance);
    }

    /** Returns the same settings with other evaluations. */
    public TrainingConfig withEvaluation(Evaluation other) {
        return new TrainingConfig(out, optimization, batches, other, saves, provenance);
    }

    /** Returns the same settings with other checkpoints. */
    public TrainingConfig withSaves(Saves other) {
        return new TrainingConfig(out, optimization, batches, evaluation, other, provenance);
    }

    /** Returns the settings that decide the result, by name; micro-batches do not. */
    Map<String, String> deciding() {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("learning_rate", Double.toString(optimization.learningRate()));
        settings.put("schedule", optimization.schedule().toString());
        settings.put("clip_norm", Double.toString(optimization.clipNorm()));
        settings.put("beta1", Double.toString(optimization.beta1()));
        settings.put("beta2", Double.toString(optimization.beta2()));
        settings.put("epsilon", Double.toString(optimization.epsilon()));
        settings.put("weight_decay", Double.toString(optimization.weightDecay()));
        settings.put("lora_plus_ratio", Double.toString(optimization.loraPlusRatio()));
        settings.put("sequences_per_step", Integer.toString(batches.sequences()));
        settings.put("normalisation", batches.normalisation().toString());
        settings.put("prompt_loss_weight", Double.toString(batches.promptLossWeight()));
        settings.put("shuffle", Boolean.toString(batches.shuffle()));
        settings.put("seed", Long.toString(batches.seed()));
        settings.put("remainder", Boolean.toString(batches.remainder()));
        provenance.entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .forEach(each -> settings.put(each.getKey(), each.getValue()));
        return settings;
    }
}
