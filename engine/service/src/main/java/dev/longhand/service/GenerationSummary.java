package dev.longhand.service;

import dev.longhand.engine.generation.Usage;

import org.jspecify.annotations.Nullable;

/**
 * A generation that has ended.
 *
 * @param model the model that answered, by name
 * @param promptTokens the number of prompt tokens
 * @param outputTokens the number of tokens read from the generation
 * @param finish the finish reason as JSON spells it, or "error"
 * @param nanos the time from the request to the end
 * @param usage tokens and times; null after an error or if the generation was closed early
 */
public record GenerationSummary(
        String model,
        int promptTokens,
        int outputTokens,
        String finish,
        long nanos,
        @Nullable Usage usage) {}
