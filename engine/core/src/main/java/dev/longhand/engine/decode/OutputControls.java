package dev.longhand.engine.decode;

import dev.longhand.engine.constraint.AnswerConstraint;
import dev.longhand.engine.generation.FinishReason;
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
 * @param answer holds the answer to a format; null if it is free
 * @param loops detects loops; null if loops do not end the sequence
 * @param timeouts limits of the time in the queue and of the total time
 */
public record OutputControls(
        StopCondition stop,
        @Nullable ThoughtTracker thought,
        @Nullable AnswerConstraint answer,
        @Nullable LoopDetector loops,
        Timeouts timeouts) {
    /** Returns the token that the budget of the thought forces next, or -1. */
    int forced() {
        return thought == null ? -1 : thought.forced();
    }

    /** Returns the most draft tokens of the next step. */
    int draftMax() {
        return thought == null ? Integer.MAX_VALUE : thought.draftMax();
    }

    /** Returns the heap that the format of the answer takes, in bytes. */
    long answerBytes() {
        return answer == null ? 0 : answer.bytes();
    }

    /** Returns the reason why the output ends with its next token, or null if it continues. */
    @Nullable FinishReason accept(int token) {
        if (stop.endsWith(token)) {
            return FinishReason.STOP;
        }
        if (answer != null && answer.accept(token)) {
            return FinishReason.STOP;
        }
        return loops != null && loops.accept(token) ? FinishReason.LOOP : null;
    }
}
