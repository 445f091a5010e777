package dev.longhand.engine.serve;

/**
 * What clients may ask of a service.
 *
 * @param requestBytesMax the longest request
 * @param requestsPerConnectionMax generations of one connection at a time, and the most samples of
 *     one request
 * @param connectionsMax connections of newline-delimited JSON at a time
 * @param writeMillisMax how long a client may leave its socket full before it is given up
 */
public record ServiceLimits(
        int requestBytesMax,
        int requestsPerConnectionMax,
        int connectionsMax,
        long writeMillisMax) {
    /** Room for prompts of any context we admit. */
    public static final ServiceLimits DEFAULT = new ServiceLimits(4 << 20, 64, 1024, 60_000);
}
