package dev.longhand.app.cli;

import java.util.logging.LogManager;

/**
 * Keeps logging until the server has drained. The JDK's own manager closes its handlers when the
 * shutdown begins, so the log lines of the last requests would be lost.
 *
 * <p>{@link ServerLog} registers the class; the JDK creates the instance.
 */
public final class LastingLogManager extends LogManager {
    private static volatile boolean ended;

    /** The JDK calls this. */
    public LastingLogManager() {}

    /** Lets the handlers close; call after the last log line. */
    static void end() {
        ended = true;
        LogManager.getLogManager().reset();
    }

    @Override
    public void reset() {
        if (ended) {
            super.reset();
        }
    }
}
