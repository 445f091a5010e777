package dev.longhand.engine.decode;

import dev.longhand.engine.generation.Timeouts;
import dev.longhand.engine.thought.LoopDetector;
import dev.longhand.engine.thought.ThoughtTracker;

import org.jspecify.annotations.Nullable;

/**
 * The parts that follow the output of one sequence and may end it. They have state, so each
 * sequence has its own.
 *
 * @param stop end tokens and stop strings
 * @param thought tracks the thought and its budget; null without a tokenizer
 * @param loops detects loops; null if loops do not end the sequence
 * @param timeouts limits of the time in the queue and of the total time
 */
public record OutputControls(
        StopCondition stop,
        @Nullable ThoughtTracker thought,
        @Nullable LoopDetector loops,
        Timeouts timeouts) {}
