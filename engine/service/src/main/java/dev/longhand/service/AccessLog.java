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
     * @param what the path, or the kind of request
     * @param outcome the result: a status, the model and its tokens, or the reason of a refusal
     * @param nanos the duration
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
