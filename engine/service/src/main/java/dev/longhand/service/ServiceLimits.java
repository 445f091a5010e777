package dev.longhand.service;

import com.sun.management.UnixOperatingSystemMXBean;

import java.lang.management.ManagementFactory;

/**
 * Limits on clients.
 *
 * @param requestBytesMax the size of a request
 * @param headerBytesMax the size of the headers of an HTTP request
 * @param requestsPerConnectionMax concurrent generations of a line connection, and choices of an
 *     HTTP request
 * @param connectionsMax concurrent connections of each server
 * @param requestMillisMax the time that a client has to send one request, and to send its token
 * @param idleMillisMax the time that a connection may be idle
 * @param writeMillisMax the time that one write may block before the client is disconnected
 */
public record ServiceLimits(
        int requestBytesMax,
        int headerBytesMax,
        int requestsPerConnectionMax,
        int connectionsMax,
        long requestMillisMax,
        long idleMillisMax,
        long writeMillisMax) {
    /** Limits that admit prompts of any supported context. */
    public static final ServiceLimits DEFAULT =
            new ServiceLimits(4 << 20, 32 << 10, 64, 1024, 60_000, 600_000, 60_000);

    /** A server's share of the file descriptors of the process, as a divisor. */
    private static final int DESCRIPTOR_SHARE = 4;

    /**
     * The concurrent connections that each server admits: {@link #connectionsMax}, but at most a
     * quarter of the file descriptors that the process may have, since a server without descriptors
     * can neither accept connections nor turn them away.
     */
    public int connections() {
        return ManagementFactory.getOperatingSystemMXBean()
                        instanceof UnixOperatingSystemMXBean system
                ? (int)
                        Math.min(
                                connectionsMax,
                                system.getMaxFileDescriptorCount() / DESCRIPTOR_SHARE)
                : connectionsMax;
    }
}
