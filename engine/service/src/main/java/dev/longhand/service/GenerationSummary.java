package dev.longhand.service;

import dev.longhand.engine.generation.Usage;

import org.jspecify.annotations.Nullable;

/**
 * A generation that has ended.
 *
 * @param model the name that the request used, the base's if none
 * @param promptTokens tokens of the prompt
 * @param outputTokens tokens that were read
 * @param finish the reason in JSON, or "error"
 * @param nanos from the request to the end
 * @param usage what it took; null after an error or if nobody read it to its end
 */
public record GenerationSummary(
        String model,
        int promptTokens,
        int outputTokens,
        String finish,
        long nanos,
        @Nullable Usage usage) {}
