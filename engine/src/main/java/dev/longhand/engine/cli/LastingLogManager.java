package dev.longhand.engine.cli;

import java.util.logging.LogManager;

/**
 * Logs until the server has drained. The JDK's own manager closes its handlers as soon as the
 * process is told to end, and what the last requests came to would not be written.
 */
public final class LastingLogManager extends LogManager {
    private static final String MANAGER = "java.util.logging.manager";
    private static final String FORMAT = "java.util.logging.SimpleFormatter.format";

    private static volatile boolean over;

    /** Made by the JDK. */
    public LastingLogManager() {}

    /** Has logs written in lines, to the end, unless the user has set it up otherwise. */
    static void install() {
        if (System.getProperty(MANAGER) == null) {
            System.setProperty(MANAGER, LastingLogManager.class.getName());
        }
        if (System.getProperty(FORMAT) == null) {
            System.setProperty(FORMAT, "%1$tFT%1$tT.%1$tL %4$s %5$s%6$s%n");
        }
    }

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
