package dev.longhand.service.line;

import dev.longhand.service.Service;
import dev.longhand.service.ServiceLimits;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Serves the line protocol over a Unix domain socket or TCP: each line in is one request object,
 * each line out one event object. Each connection has its own virtual thread.
 */
public final class LineServer implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(LineServer.class.getName());
    private static final long WATCH_MILLIS = 1000;

    private final Service service;
    private final ServiceLimits limits;
    private final @Nullable String token;
    private final SocketAddress address;
    private final ServerSocketChannel listener;
    private final Set<LineConnection> connections = ConcurrentHashMap.newKeySet();
    private final Thread acceptor;
    private final Thread watch;

    /**
     * Binds the address and starts to listen.
     *
     * @param address a Unix domain socket, whose file must not exist, or a TCP address
     * @param token the token that clients must send first; null requires none
     * @throws IOException if the address cannot be bound
     */
    public LineServer(
            Service service, SocketAddress address, ServiceLimits limits, @Nullable String token)
            throws IOException {
        this.service = service;
        this.limits = limits;
        this.token = token;
        listener =
                address instanceof UnixDomainSocketAddress
                        ? ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                        : ServerSocketChannel.open();
        try {
            listener.bind(address);
            this.address = listener.getLocalAddress();
        } catch (IOException e) {
            listener.close();
            throw e;
        }
        acceptor = Thread.ofVirtual().name("longhand-accept").start(this::accept);
        watch = Thread.ofVirtual().name("longhand-watch").start(this::watch);
    }

    /** The bound address, with the actual port if port 0 was requested. */
    public SocketAddress address() {
        return address;
    }

    private void accept() {
        while (listener.isOpen()) {
            try {
                SocketChannel channel = listener.accept();
                LineConnection connection =
                        new LineConnection(channel, client(channel), service, limits, token);
                if (connections.size() >= limits.connectionsMax()) {
                    Thread.ofVirtual().start(connection::refuse);
                    continue;
                }
                connections.add(connection);
                Thread.ofVirtual().start(() -> serve(connection));
            } catch (ClosedChannelException e) {
                return;
            } catch (IOException e) {
                LOG.log(System.Logger.Level.WARNING, "accepting a connection", e);
            }
        }
    }

    private static String client(SocketChannel channel) throws IOException {
        String address = String.valueOf(channel.getRemoteAddress());
        return address.isEmpty() ? "unix" : address;
    }

    private void serve(LineConnection connection) {
        try {
            connection.serve();
        } catch (RuntimeException | Error e) {
            LOG.log(System.Logger.Level.ERROR, "a connection", e);
            connection.close();
        } finally {
            connections.remove(connection);
        }
    }

    private void watch() {
        try {
            while (listener.isOpen()) {
                Thread.sleep(WATCH_MILLIS);
                long now = System.nanoTime();
                connections.forEach(connection -> connection.giveUpIfStuck(now));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Stops accepting, closes all connections and cancels their generations. */
    @Override
    public void close() throws IOException {
        listener.close();
        watch.interrupt();
        connections.forEach(LineConnection::close);
        if (address instanceof UnixDomainSocketAddress unix) {
            Files.deleteIfExists(unix.getPath());
        }
        acceptor.interrupt();
    }
}
