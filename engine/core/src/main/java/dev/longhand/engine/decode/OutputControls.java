package dev.longhand.engine.decode;

import dev.longhand.engine.generation.Timeouts;
import dev.longhand.engine.thought.LoopDetector;
import dev.longhand.engine.thought.ThoughtTracker;

import org.jspecify.annotations.Nullable;

/**
 * What watches over the output of one sequence; each belongs to it alone.
 *
 * @param stop when it ends by itself
 * @param thought follows its thought; null without a tokenizer
 * @param loops finds out when it goes in circles; null lets it
 * @param timeouts how long it may take
 */
public record OutputControls(
        StopCondition stop,
        @Nullable ThoughtTracker thought,
        @Nullable LoopDetector loops,
        Timeouts timeouts) {}
