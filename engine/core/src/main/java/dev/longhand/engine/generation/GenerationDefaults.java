package dev.longhand.engine.generation;

import dev.longhand.engine.file.Settings;

import org.jspecify.annotations.Nullable;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Sampling defaults of a checkpoint, from {@code generation_config.json}. Sampling is greedy
 * without that file, or if it says {@code do_sample: false}, as in transformers.
 *
 * @param temperature 0 is greedy
 * @param topK 0 keeps all tokens
 * @param topP 1 keeps all tokens
 * @param minP 0 keeps all tokens
 * @param repetitionPenalty 1 is none
 * @param eosTokenIds end-of-sequence tokens, possibly none
 */
public record GenerationDefaults(
        float temperature,
        int topK,
        float topP,
        float minP,
        float repetitionPenalty,
        List<Integer> eosTokenIds) {
    /** Default of transformers for files that set {@code do_sample} but no {@code top_k}. */
    private static final int TOP_K = 50;

    /**
     * Reads the defaults of a model folder.
     *
     * @param eosTokenIds end-of-sequence tokens of {@code config.json}, used if this file names
     *     none
     * @throws dev.longhand.engine.error.InputException if the file is malformed
     */
    public static GenerationDefaults read(Path folder, List<Integer> eosTokenIds) {
        Path file = folder.resolve("generation_config.json");
        if (!Files.exists(file)) {
            return new GenerationDefaults(0, 0, 1, 0, 1, eosTokenIds);
        }
        Settings settings = Settings.read(file);
        List<Integer> eos = settings.integers("eos_token_id", 0, Integer.MAX_VALUE);
        float repetition = number(settings.number("repetition_penalty", 1e-3, 100), 1);
        List<Integer> ends = eos.isEmpty() ? eosTokenIds : eos;
        if (!settings.bool("do_sample", false)) {
            return new GenerationDefaults(0, 0, 1, 0, repetition, ends);
        }
        return new GenerationDefaults(
                number(settings.number("temperature", 0, 100), 1),
                settings.integer("top_k", 0, Integer.MAX_VALUE).orElse(TOP_K),
                number(settings.number("top_p", 1e-6, 1), 1),
                number(settings.number("min_p", 0, 1), 0),
                repetition,
                ends);
    }

    private static float number(@Nullable Double value, double otherwise) {
        return (float) (value == null ? otherwise : value);
    }
}
