package dev.longhand.service;

import dev.longhand.engine.file.ErrorText;

/** Logs one line per request to {@link System.Logger}; never prompts or answers. */
public final class AccessLog {
    private static final System.Logger LOG = System.getLogger("dev.longhand.access");

    private AccessLog() {}

    /**
     * Logs a request that has ended.
     *
     * @param client the address of the client
     * @param what the method and path of an HTTP request; "generate" or "refuse" in the line
     *     protocol
     * @param outcome the result: the HTTP status, the model with its token counts, or the error
     *     code of a rejected request
     * @param nanos the duration in nanoseconds
     */
    public static void log(String client, String what, String outcome, long nanos) {
        if (LOG.isLoggable(System.Logger.Level.INFO)) {
            LOG.log(
                    System.Logger.Level.INFO,
                    "{0} {1} {2} ms={3}",
                    client,
                    ErrorText.line(what),
                    ErrorText.line(outcome),
                    Long.toString(nanos / 1_000_000));
        }
    }
}
