package dev.longhand.service;

import java.io.IOException;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * Accepts the clients of a {@link Listener}, and serves each on a virtual thread of its own.
 *
 * <p>The number of places is limited. If all are taken, or no file descriptor is left, the
 * connection that idles longest makes room; if none idles, the new client is refused, on one of few
 * reserved places since a refusal takes its time. One thread watches over the time limits of all.
 */
public final class Connections implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Connections.class.getName());
    private static final int RESERVED = 32;
    private static final long WATCH_MILLIS = 1000;
    private static final long CLOSE_MILLIS = 10;

    private static final long BACKOFF_MILLIS = 100;

    /** The time in which a connection that makes room ends. */
    private static final long EVICTION_MILLIS = 5;

    /** The time between reports that no connection can be accepted. */
    private static final long REPORT_NANOS = 60_000_000_000L;

    private final Listener listener;
    private final int places;
    private final Factory factory;
    private final Set<Connection> served = ConcurrentHashMap.newKeySet();
    private final Set<Connection> refused = ConcurrentHashMap.newKeySet();
    private final Thread acceptor;
    private final Thread watch;

    /** Makes connections. */
    public interface Factory {
        /** Returns the connection of a client's channel. */
        Connection connection(SocketChannel channel) throws IOException;
    }

    /**
     * Starts to accept the clients of a listener, which {@link #close} closes.
     *
     * @param places the number of connections that are served at a time
     */
    public Connections(Listener listener, int places, Factory factory) {
        this.listener = listener;
        this.places = places;
        this.factory = factory;
        acceptor = Thread.ofVirtual().name("longhand-accept").start(this::accept);
        watch = Thread.ofVirtual().name("longhand-watch").start(this::watch);
    }

    /** The bound address, with the actual port if port 0 was requested. */
    public SocketAddress address() {
        return listener.address();
    }

    private void accept() {
        long reportedNanos = System.nanoTime() - REPORT_NANOS;
        while (listener.channel().isOpen()) {
            try {
                admit(listener.channel().accept());
            } catch (IOException | RuntimeException | Error e) { // no descriptors, a full heap
                if (!listener.channel().isOpen()) {
                    return;
                }
                if (System.nanoTime() - reportedNanos >= REPORT_NANOS) {
                    reportedNanos = System.nanoTime();
                    Thread.ofVirtual().start(() -> report(e)); // which may fail as well
                }
                if (!backOff(endIdle(served) ? EVICTION_MILLIS : BACKOFF_MILLIS)) {
                    return;
                }
            }
        }
    }

    private static void report(Throwable cause) {
        LOG.log(System.Logger.Level.WARNING, "accepting connections", cause);
    }

    /** Waits until there may be a free file descriptor; returns false if interrupted. */
    private static boolean backOff(long millis) {
        try {
            Thread.sleep(millis);
            return true;
        } catch (InterruptedException e) {
            return false;
        }
    }

    private void admit(SocketChannel channel) throws IOException {
        Connection connection = connection(channel);
        if (served.size() < places || endIdle(served)) {
            run(connection, served, connection::serve);
        } else if (refused.size() < RESERVED || endIdle(refused)) {
            run(connection, refused, connection::refuse);
        } else {
            connection.close();
        }
    }

    private Connection connection(SocketChannel channel) throws IOException {
        try {
            if (channel.supportedOptions().contains(StandardSocketOptions.TCP_NODELAY)) {
                channel.setOption(StandardSocketOptions.TCP_NODELAY, true); // tokens come singly
            }
            return factory.connection(channel);
        } catch (IOException | RuntimeException | Error e) {
            channel.close();
            throw e;
        }
    }

    private void run(Connection connection, Set<Connection> place, Runnable work) {
        place.add(connection);
        if (!listener.channel().isOpen()) { // closed after it has accepted this one
            connection.close();
        }
        Thread.ofVirtual()
                .start(
                        () -> {
                            try {
                                work.run();
                            } catch (RuntimeException | Error e) {
                                LOG.log(System.Logger.Level.ERROR, "a connection", e);
                            } finally {
                                connection.close();
                                place.remove(connection);
                            }
                        });
    }

    /** Ends the connection that idles longest; returns false if none idles. */
    private static boolean endIdle(Set<Connection> connections) {
        long now = System.nanoTime();
        Connection oldest = null;
        long longest = -1;
        for (Connection each : connections) {
            long since = each.idleSinceNanos();
            if (since != Long.MAX_VALUE && now - since > longest) {
                oldest = each;
                longest = now - since;
            }
        }
        if (oldest == null || !connections.remove(oldest)) {
            return false;
        }
        Thread.ofVirtual().start(oldest::giveWay);
        return true;
    }

    private void watch() {
        try {
            while (listener.channel().isOpen()) {
                Thread.sleep(WATCH_MILLIS);
                long now = System.nanoTime();
                all().forEach(connection -> connection.giveUpIfStuck(now));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Collection<Connection> all() {
        return Stream.of(served, refused).flatMap(Set::stream).toList();
    }

    /** Stops accepting, closes all connections and cancels their generations. */
    @Override
    public void close() throws IOException {
        listener.close();
        watch.interrupt();
        all().forEach(Connection::close);
        acceptor.interrupt();
    }

    /**
     * Stops accepting and closes what idles, gives the other connections some time, closes them,
     * and gives their threads as much time to end.
     */
    public void close(long millis) throws IOException {
        listener.close();
        List<Connection> idle =
                all().stream().filter(each -> each.idleSinceNanos() != Long.MAX_VALUE).toList();
        idle.forEach(Connection::close);
        awaitEnd(millis);
        close();
        awaitEnd(millis);
    }

    private void awaitEnd(long millis) {
        long end = System.nanoTime() + millis * 1_000_000;
        try {
            while (!all().isEmpty() && System.nanoTime() < end) {
                Thread.sleep(CLOSE_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
