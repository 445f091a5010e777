package dev.longhand.engine.decode;

import org.jspecify.annotations.Nullable;

/**
 * The prompt of several samples. The sample that begins first computes it, and the others wait for
 * that. Then they share its full pages through the {@link PagePool} and copy its last page. If the
 * computing sample ends before that, the next one that begins takes its place. Used by the device
 * thread only.
 */
public final class SharedPrompt {
    private @Nullable Sequence computing;

    /** Creates a prompt that no sample has begun to compute. */
    public SharedPrompt() {}

    /** Whether no sample is computing the prompt at the moment. */
    boolean mayBegin() {
        return computing == null || computing.promptComputed() || computing.ended();
    }

    /**
     * Records that a sample begins, which may make it the computing one.
     *
     * @throws IllegalStateException if another sample is computing the prompt
     */
    void begins(Sequence sample) {
        if (!mayBegin()) {
            throw new IllegalStateException("another sample is computing the prompt");
        }
        if (computing == null || !computing.promptComputed()) {
            computing = sample;
        }
    }

    /** Returns the running sample whose pages contain the prompt; null if there is none. */
    @Nullable Sequence holder() {
        return computing != null
                        && computing.promptComputed()
                        && !computing.paused()
                        && !computing.ended()
                ? computing
                : null;
    }
}
