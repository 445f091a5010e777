package dev.longhand.app.cli;

import java.util.logging.LogManager;

/**
 * Logs until the server has drained. The JDK's own manager closes its handlers as soon as the
 * process is told to end, and what the last requests came to would not be written.
 *
 * <p>{@link ServerLog} has the JDK make it.
 */
public final class LastingLogManager extends LogManager {
    private static volatile boolean over;

    /** Made by the JDK. */
    public LastingLogManager() {}

    /** The last line was written. */
    static void end() {
        over = true;
        LogManager.getLogManager().reset();
    }

    @Override
    public void reset() {
        if (over) {
            super.reset();
        }
    }
}
