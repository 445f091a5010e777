package dev.longhand.bindings.cuda;

import org.jspecify.annotations.Nullable;

/** Runs every step of a clean-up, also after one has failed, and keeps what the first one threw. */
final class Cleanup {
    private @Nullable RuntimeException first;

    void run(Runnable step) {
        try {
            step.run();
        } catch (RuntimeException e) {
            if (first == null) {
                first = e;
            } else {
                first.addSuppressed(e);
            }
        }
    }

    /** Throws what the first failing step threw, with the others' under it. */
    void finish() {
        if (first != null) {
            throw first;
        }
    }
}
