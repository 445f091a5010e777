package dev.longhand.service.http;

import org.jspecify.annotations.Nullable;

import java.io.IOException;

/**
 * Watches the client of one request while it is answered: a virtual thread reads ahead, which shows
 * that the client has closed at least its sending side. The thread that answers calls {@link
 * #onGone} and {@link #end}, any thread {@link #gone}.
 */
final class ClientWatch {
    private final HttpInput in;
    private boolean begun;
    private volatile @Nullable Runnable action;
    private volatile boolean gone;
    private volatile boolean over;

    ClientWatch(HttpInput in) {
        this.in = in;
    }

    /**
     * Sets the action to run if the client leaves before the answer is complete, at once if it has
     * left; or null. The body of the request must have been read.
     */
    void onGone(@Nullable Runnable next) {
        action = next;
        if (next == null) {
            return;
        }
        if (gone) {
            next.run();
        } else if (!begun) {
            begun = true;
            Thread.ofVirtual().start(this::watch);
        }
    }

    private void watch() {
        try {
            if (in.awaitEnd(() -> over)) {
                gone();
            }
        } catch (IOException e) {
            gone(); // reset, or closed
        }
    }

    /** Reports that the client has left. */
    void gone() {
        gone = true;
        Runnable latest = action;
        if (latest != null) {
            latest.run();
        }
    }

    /** Ends the watch with the answer. */
    void end() {
        over = true;
        action = null;
    }
}
