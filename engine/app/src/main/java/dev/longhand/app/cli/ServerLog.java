package dev.longhand.app.cli;

import java.util.logging.Logger;

/**
 * How a server logs. Not part of {@link LastingLogManager}: to run any of its code is to initialise
 * the JDK's manager above it, which looks for the one to use only then.
 */
final class ServerLog {
    private static final String MANAGER = "java.util.logging.manager";
    private static final String FORMAT = "java.util.logging.SimpleFormatter.format";

    private ServerLog() {}

    /** Has logs written in lines, to the end, unless the user has set it up otherwise. */
    static void install() {
        if (System.getProperty(MANAGER) == null) {
            System.setProperty(MANAGER, LastingLogManager.class.getName());
        }
        if (System.getProperty(FORMAT) == null) {
            System.setProperty(FORMAT, "%1$tFT%1$tT.%1$tL %4$s %5$s%6$s%n");
        }
        Logger.getLogger("").getHandlers(); // makes them, which it does not once the end is near
    }
}
