package dev.longhand.bindings.cuda;

import org.jspecify.annotations.Nullable;

/** Runs every step of a clean-up even if one fails, and keeps the first exception. */
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

    /** Throws the first exception, with the others suppressed under it. */
    void finish() {
        if (first != null) {
            throw first;
        }
    }
}
