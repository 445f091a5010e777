package dev.longhand.service;

/**
 * What clients may ask of a service. The JDK's HTTP server takes the limits on headers, connections
 * and time once per process: from the first server, see {@link
 * dev.longhand.service.http.OpenAiServer}.
 *
 * @param requestBytesMax the longest request
 * @param headerBytesMax the headers of an HTTP request
 * @param requestsPerConnectionMax generations of one connection at a time, and the most choices of
 *     one HTTP request
 * @param connectionsMax connections of each face at a time
 * @param requestMillisMax how long a client may take over sending one request, and over its token
 * @param idleMillisMax how long a connection may be of no use
 * @param writeMillisMax how long a client may leave its socket full before it is given up
 */
public record ServiceLimits(
        int requestBytesMax,
        int headerBytesMax,
        int requestsPerConnectionMax,
        int connectionsMax,
        long requestMillisMax,
        long idleMillisMax,
        long writeMillisMax) {
    /** Room for prompts of any context we admit. */
    public static final ServiceLimits DEFAULT =
            new ServiceLimits(4 << 20, 32 << 10, 64, 1024, 60_000, 600_000, 60_000);
}
