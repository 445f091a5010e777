package dev.longhand.service.http;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Watches running exchanges for clients that disconnect early or stop reading.
 *
 * <p>One virtual thread polls every {@value #POLL_MILLIS} ms. It interrupts writers that exceed the
 * write limit, and calls {@link Exchange#gone} when Linux no longer lists the client's connection
 * as open. {@link #add} and {@link #remove} may be called by any thread.
 */
final class ClientWatch implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(ClientWatch.class.getName());
    private static final long POLL_MILLIS = 50;

    /**
     * The number of consecutive polls without its connection after which a client counts as
     * disconnected. Reading the table is not atomic and may miss an entry once, but not three
     * times.
     */
    private static final int ABSENCES_MAX = 3;

    private final int port;
    private final Map<Exchange, Integer> absences = new ConcurrentHashMap<>(); // consecutive
    private final Thread thread;

    /** Starts to watch the exchanges of the server on a local port. */
    ClientWatch(int port) {
        this.port = port;
        thread = Thread.ofVirtual().name("longhand-http-watch").start(this::watch);
    }

    void add(Exchange exchange) {
        absences.put(exchange, 0);
    }

    void remove(Exchange exchange) {
        absences.remove(exchange);
    }

    private void watch() {
        boolean listed = PeerTable.available();
        while (!Thread.currentThread().isInterrupted()) {
            try {
                Thread.sleep(POLL_MILLIS);
                long now = System.nanoTime();
                absences.keySet().forEach(exchange -> exchange.giveUpIfStuck(now));
                List<Exchange> watched =
                        absences.keySet().stream().filter(Exchange::watched).toList();
                if (listed && !watched.isEmpty()) {
                    checkPeers(watched, PeerTable.peers(port));
                }
            } catch (InterruptedException e) {
                return;
            } catch (IOException | RuntimeException e) {
                LOG.log(System.Logger.Level.WARNING, "reading the table of connections", e);
                listed = false;
            }
        }
    }

    private void checkPeers(List<Exchange> watched, Map<InetSocketAddress, Boolean> peers) {
        for (Exchange exchange : watched) {
            Boolean open = peers.get(exchange.client());
            int absent = open == null ? absences.getOrDefault(exchange, 0) + 1 : 0;
            absences.replace(exchange, absent);
            if (Boolean.FALSE.equals(open) || absent >= ABSENCES_MAX) {
                exchange.gone();
            }
        }
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
