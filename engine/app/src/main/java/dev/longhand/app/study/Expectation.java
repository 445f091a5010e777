package dev.longhand.app.study;

import dev.longhand.batch.JsonLine;
import dev.longhand.study.pipeline.Stage;

import org.jspecify.annotations.Nullable;

import java.util.Set;

/**
 * What the author of a study expects of the machine and of each row. Plans are computed from this
 * until the machine has been measured.
 *
 * @param machine the machine, in words
 * @param devices the number of GPUs, for GPU hours; 0 for a CPU
 * @param trainTokens the tokens that a row learns, over all epochs
 * @param generateTokens the tokens that a row's model generates
 * @param trainRate tokens per second in training; 0 if unknown
 * @param generateRate tokens per second in generation, of all sequences; 0 if unknown
 * @param modelBytes the size of a trained model
 * @param adapterBytes the size of a trained adapter
 * @param trainMemory the memory that training takes, of the GPU where there is one; 0 if unknown
 * @param generateMemory the memory that generation takes, in the same way
 */
record Expectation(
        String machine,
        int devices,
        long trainTokens,
        long generateTokens,
        double trainRate,
        double generateRate,
        long modelBytes,
        long adapterBytes,
        long trainMemory,
        long generateMemory) {
    private static final Set<String> KEYS =
            Set.of(
                    "machine",
                    "devices",
                    "train_tokens",
                    "generate_tokens",
                    "train_tokens_per_second",
                    "generate_tokens_per_second",
                    "model_bytes",
                    "adapter_bytes",
                    "train_memory_bytes",
                    "generate_memory_bytes");

    static Expectation of(JsonLine json) {
        StudyConfig.refuseUnknown(json, KEYS);
        return new Expectation(
                json.string("machine", ""),
                json.count("devices", 0),
                StudyConfig.whole(json, "train_tokens"),
                StudyConfig.whole(json, "generate_tokens"),
                rate(json.number("train_tokens_per_second")),
                rate(json.number("generate_tokens_per_second")),
                StudyConfig.whole(json, "model_bytes"),
                StudyConfig.whole(json, "adapter_bytes"),
                StudyConfig.whole(json, "train_memory_bytes"),
                StudyConfig.whole(json, "generate_memory_bytes"));
    }

    /** Returns a rate of the file; 0 if there is none. */
    static double rate(@Nullable Double rate) {
        return rate == null ? 0 : rate;
    }

    /** The seconds that a stage is expected to take; 0 if nothing is known or it does little. */
    double seconds(Stage stage) {
        double ofKind =
                switch (stage.kind()) {
                    case "train" -> trainRate;
                    case "batch", "curate" -> generateRate;
                    default -> 0;
                };
        double rate = stage.work().rate() > 0 ? stage.work().rate() : ofKind;
        return rate > 0 ? stage.work().tokens() / rate : 0;
    }
}
