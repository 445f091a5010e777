package dev.longhand.service;

import dev.longhand.engine.file.Quoted;

/** One line a request, through {@link System.Logger}, never with what it says. */
public final class AccessLog {
    private static final System.Logger LOG = System.getLogger("dev.longhand.access");

    private AccessLog() {}

    /**
     * Logs a request that has ended.
     *
     * @param client who asked
     * @param what the path or the kind of request
     * @param outcome what became of it: a status, a model and its tokens, a reason
     * @param nanos how long it took
     */
    public static void log(String client, String what, String outcome, long nanos) {
        if (LOG.isLoggable(System.Logger.Level.INFO)) {
            LOG.log(
                    System.Logger.Level.INFO,
                    "{0} {1} {2} ms={3}",
                    client,
                    Quoted.line(what),
                    Quoted.line(outcome),
                    Long.toString(nanos / 1_000_000));
        }
    }
}
