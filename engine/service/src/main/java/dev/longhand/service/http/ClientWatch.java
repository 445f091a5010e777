package dev.longhand.service.http;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Looks after clients that leave before they have their answers, or do not take them. */
final class ClientWatch implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(ClientWatch.class.getName());
    private static final long LOOK_MILLIS = 50;

    /** The list of connections is not read in one go, and may lack one once; not three times. */
    private static final int ABSENCES_MAX = 3;

    private final int port;
    private final Map<Exchange, Integer> absences = new ConcurrentHashMap<>(); // in a row
    private final Thread thread;

    /** Watches exchanges of a server on a port. */
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
                Thread.sleep(LOOK_MILLIS);
                long now = System.nanoTime();
                absences.keySet().forEach(exchange -> exchange.giveUpIfStuck(now));
                List<Exchange> watched =
                        absences.keySet().stream().filter(Exchange::watched).toList();
                if (listed && !watched.isEmpty()) {
                    lookFor(watched, PeerTable.peers(port));
                }
            } catch (InterruptedException e) {
                return;
            } catch (IOException | RuntimeException e) {
                LOG.log(System.Logger.Level.WARNING, "the list of connections", e);
                listed = false;
            }
        }
    }

    private void lookFor(List<Exchange> watched, Map<InetSocketAddress, Boolean> peers) {
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
