package dev.longhand.engine.decode;

import org.jspecify.annotations.Nullable;

/**
 * The prompt that several samples continue. The sample that begins first computes it; the others
 * begin when that is done, and find its full pages in the pool and the last in the first sample's.
 * Belongs to the device thread.
 */
public final class SharedPrompt {
    private @Nullable Sequence computing;

    /** A prompt that nobody has computed. */
    public SharedPrompt() {}

    /** Whether a sample need not wait for another. */
    boolean mayBegin() {
        return computing == null || computing.promptComputed() || computing.ended();
    }

    void begins(Sequence sample) {
        if (computing == null || (computing.ended() && !computing.promptComputed())) {
            computing = sample;
        }
    }

    /** The sample whose pages hold the prompt, or null if there is none any more. */
    @Nullable Sequence holder() {
        return computing != null && computing.promptComputed() && !computing.ended()
                ? computing
                : null;
    }
}
