package dev.longhand.engine.schedule;

import dev.longhand.engine.decode.Sequence;
import dev.longhand.engine.error.EngineFailureException;
import dev.longhand.engine.generation.FinishReason;

import org.jspecify.annotations.Nullable;

/** Ends of sequences that throw nothing, so that no reader waits for ever. Device thread only. */
final class SequenceEnd {
    private SequenceEnd() {}

    /**
     * Ends a sequence regularly, or by an error if that fails.
     *
     * @param failure an error that came before; null if there was none
     */
    static void finish(Sequence sequence, FinishReason reason, @Nullable Throwable failure) {
        if (failure != null) {
            fail(sequence, failure);
            return;
        }
        try {
            sequence.finish(reason);
        } catch (RuntimeException | Error e) {
            fail(sequence, e);
        }
    }

    /** Ends a sequence by an error. */
    static void fail(Sequence sequence, Throwable cause) {
        try {
            sequence.fail(EngineFailureException.of(cause));
        } catch (RuntimeException | Error e) {
            DeviceThread.log("ending a sequence", e);
        }
    }
}
