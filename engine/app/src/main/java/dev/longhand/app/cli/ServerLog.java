package dev.longhand.app.cli;

import java.util.logging.Logger;

/**
 * Sets up the logging of a server. It is separate from {@link LastingLogManager}, since running
 * code of that class initialises the JDK's manager before the property is set.
 */
final class ServerLog {
    private static final String MANAGER = "java.util.logging.manager";
    private static final String FORMAT = "java.util.logging.SimpleFormatter.format";

    private ServerLog() {}

    /**
     * Sets up logging in single lines until the end of the process, unless the user has configured
     * logging.
     */
    static void install() {
        if (System.getProperty(MANAGER) == null) {
            System.setProperty(MANAGER, LastingLogManager.class.getName());
        }
        if (System.getProperty(FORMAT) == null) {
            System.setProperty(FORMAT, "%1$tFT%1$tT.%1$tL %4$s %5$s%6$s%n");
        }
        Logger.getLogger("").getHandlers(); // creates them now: during shutdown the JDK does not
    }
}
