package dev.longhand.service.line;

import dev.longhand.service.ClientRules;
import dev.longhand.service.Connections;
import dev.longhand.service.Listener;
import dev.longhand.service.Service;
import dev.longhand.service.ServiceLimits;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.SocketChannel;

/**
 * Serves the line protocol over a Unix domain socket or TCP: each line in is one request object,
 * each line out one event object.
 */
public final class LineServer implements AutoCloseable {
    private final Connections connections;

    /**
     * Binds the address and starts to answer, by the rules of {@link ClientRules#OPEN}.
     *
     * @param address a Unix domain socket or a TCP address
     * @param token the token that clients must send first; null requires none
     * @throws IOException if the address cannot be bound
     */
    public LineServer(
            Service service, SocketAddress address, ServiceLimits limits, @Nullable String token)
            throws IOException {
        this(service, Listener.bind(address), limits, ClientRules.OPEN.withToken(token));
    }

    /**
     * Starts to answer the clients of a listener, which {@link #close} closes.
     *
     * @param clients their token, if any, must come first
     */
    public LineServer(
            Service service, Listener listener, ServiceLimits limits, ClientRules clients) {
        connections =
                new Connections(
                        listener,
                        limits.connections(),
                        channel ->
                                new LineConnection(
                                        channel, client(channel), service, limits, clients));
    }

    /** The bound address, with the actual port if port 0 was requested. */
    public SocketAddress address() {
        return connections.address();
    }

    private static String client(SocketChannel channel) throws IOException {
        String address = String.valueOf(channel.getRemoteAddress());
        return address.isEmpty() ? "unix" : address;
    }

    /** Stops accepting, closes all connections and cancels their generations. */
    @Override
    public void close() throws IOException {
        connections.close();
    }
}
