package dev.longhand.service.http;

import com.sun.net.httpserver.HttpServer;

import dev.longhand.service.ServiceLimits;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Map;

/**
 * A bound HTTP address. Clients may connect at once, and are answered when an {@link OpenAiServer}
 * takes the listener over; a process can so bind its address before it loads a model.
 *
 * <p>The JDK's server reads its limits from system properties once per process. The first {@code
 * HttpListener} sets them from its {@link ServiceLimits}, except those that are already set.
 */
public final class HttpListener implements AutoCloseable {
    private static final int BACKLOG = 128;

    private final HttpServer server;

    private HttpListener(HttpServer server) {
        this.server = server;
    }

    /**
     * Binds an address.
     *
     * @throws IOException if it cannot be bound; the message names it
     */
    public static HttpListener bind(InetSocketAddress address, ServiceLimits limits)
            throws IOException {
        setProcessLimits(limits);
        try {
            return new HttpListener(HttpServer.create(address, BACKLOG));
        } catch (IOException e) {
            throw new IOException(
                    "cannot listen on http:/%s: %s".formatted(address, e.getMessage()), e);
        }
    }

    /** Sets the JDK's properties; their own defaults are no limits. */
    private static void setProcessLimits(ServiceLimits limits) {
        long requestSeconds = Math.ceilDiv(limits.requestMillisMax(), 1000);
        Map<String, Object> properties =
                Map.of(
                        "sun.net.httpserver.maxReqTime",
                        requestSeconds,
                        "sun.net.httpserver.idleInterval",
                        Math.ceilDiv(limits.idleMillisMax(), 1000),
                        "sun.net.httpserver.maxReqHeaderSize",
                        limits.headerBytesMax(),
                        "jdk.httpserver.maxConnections",
                        limits.connections(),
                        // A quarter of the places is for those that do not idle.
                        "sun.net.httpserver.maxIdleConnections",
                        limits.connections() * 3L / 4,
                        "sun.net.httpserver.nodelay",
                        true); // tokens are sent one by one
        properties.forEach(
                (name, value) -> {
                    if (System.getProperty(name) == null) {
                        System.setProperty(name, value.toString());
                    }
                });
    }

    /** The bound address, with the actual port if port 0 was requested. */
    public InetSocketAddress address() {
        return server.getAddress();
    }

    HttpServer server() {
        return server;
    }

    /** Frees the address; connections end. */
    @Override
    public void close() {
        try {
            server.start(); // the JDK frees the selector of a server that has run
        } catch (IllegalStateException e) {
            // it runs, or has ended
        }
        server.stop(0);
    }
}
