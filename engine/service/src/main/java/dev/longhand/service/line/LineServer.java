package dev.longhand.service.line;

import dev.longhand.service.ClientRules;
import dev.longhand.service.Service;
import dev.longhand.service.ServiceLimits;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Serves the line protocol over a Unix domain socket or TCP: each line in is one request object,
 * each line out one event object. Each connection has its own virtual thread.
 */
public final class LineServer implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(LineServer.class.getName());
    private static final long WATCH_MILLIS = 1000;

    private static final long BACKOFF_MILLIS = 100;

    private final Service service;
    private final ServiceLimits limits;
    private final int connectionsMax;
    private final ClientRules clients;
    private final LineListener listener;
    private final Set<LineConnection> connections = ConcurrentHashMap.newKeySet();
    private final Thread acceptor;
    private final Thread watch;

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
        this(service, LineListener.bind(address), limits, ClientRules.OPEN.withToken(token));
    }

    /**
     * Starts to answer the clients of a listener, which {@link #close} closes.
     *
     * @param clients their token, if any, must come first
     */
    public LineServer(
            Service service, LineListener listener, ServiceLimits limits, ClientRules clients) {
        this.service = service;
        this.limits = limits;
        connectionsMax = limits.connections();
        this.clients = clients;
        this.listener = listener;
        acceptor = Thread.ofVirtual().name("longhand-accept").start(this::accept);
        watch = Thread.ofVirtual().name("longhand-watch").start(this::watch);
    }

    /** The bound address, with the actual port if port 0 was requested. */
    public SocketAddress address() {
        return listener.address();
    }

    private void accept() {
        boolean failing = false;
        while (listener.channel().isOpen()) {
            try {
                SocketChannel channel = listener.channel().accept();
                failing = false;
                admit(channel);
            } catch (ClosedChannelException e) {
                return;
            } catch (IOException e) {
                if (!failing) {
                    LOG.log(System.Logger.Level.WARNING, "accepting connections", e);
                }
                failing = true;
                if (!backOff()) {
                    return;
                }
            }
        }
    }

    /** Waits until there may be a free file descriptor; returns false if interrupted. */
    private static boolean backOff() {
        try {
            Thread.sleep(BACKOFF_MILLIS);
            return true;
        } catch (InterruptedException e) {
            return false;
        }
    }

    /** Serves a connection. If there are too many, the one that idles longest makes room for it. */
    private void admit(SocketChannel channel) {
        LineConnection connection =
                new LineConnection(channel, client(channel), service, limits, clients);
        if (connections.size() >= connectionsMax && !endIdle()) {
            Thread.ofVirtual().start(connection::refuse);
            return;
        }
        connections.add(connection);
        Thread.ofVirtual().start(() -> serve(connection));
    }

    private boolean endIdle() {
        long now = System.nanoTime();
        LineConnection oldest = null;
        long longest = -1;
        for (LineConnection each : connections) {
            long since = each.idleSinceNanos();
            if (since != Long.MAX_VALUE && now - since > longest) {
                oldest = each;
                longest = now - since;
            }
        }
        if (oldest == null || !connections.remove(oldest)) {
            return false;
        }
        Thread.ofVirtual().start(oldest::refuse);
        return true;
    }

    private static String client(SocketChannel channel) {
        try {
            String address = String.valueOf(channel.getRemoteAddress());
            return address.isEmpty() ? "unix" : address;
        } catch (IOException e) {
            return "gone";
        }
    }

    private void serve(LineConnection connection) {
        try {
            connection.serve();
        } catch (RuntimeException | Error e) {
            LOG.log(System.Logger.Level.ERROR, "a connection", e);
            connection.close();
        } finally {
            connection.close();
            connections.remove(connection);
        }
    }

    private void watch() {
        try {
            while (listener.channel().isOpen()) {
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
        acceptor.interrupt();
    }
}
