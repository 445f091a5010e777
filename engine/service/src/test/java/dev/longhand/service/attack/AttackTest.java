package dev.longhand.service.attack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.TestDevices;
import dev.longhand.kernels.Device;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Attacks on a server in a process of its own, with a heap of 128 MB: each attack of the suite
 * once, each {@link HostileClient} once, and then at random until the time is over. Well-behaved
 * clients ask meanwhile. For ten minutes:
 *
 * <pre>
 * mvn test -pl engine/service -am -Dtest=AttackTest -Dsurefire.failIfNoSpecifiedTests=false \
 *     -Dlonghand.attack.seconds=600 -Dlonghand.attack.clients=64</pre>
 */
class AttackTest {
    private static final int CLIENTS = Integer.getInteger("longhand.attack.clients", 4);
    private static final long SECONDS = Long.getLong("longhand.attack.seconds", 0);
    private static final int ATTEMPTS_MAX = 30;
    private static final long BUSY_NANOS = 50_000_000;
    private static final int GOOD_CLIENTS = 2;

    private final List<Attack> attacks = AttackList.all();
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicInteger attempts = new AtomicInteger();
    private final AtomicInteger refused = new AtomicInteger();
    private final ConcurrentLinkedQueue<String> unexpected = new ConcurrentLinkedQueue<>();

    @Test
    void theServerSurvivesWithRightAnswers() throws Exception {
        TestDevices.require(Device.CPU);
        long kinds = attacks.stream().map(Attack::kind).distinct().count();
        assertTrue(kinds + HostileClient.values().length >= 60, kinds + " kinds");
        try (AttackedProcess server = new AttackedProcess()) {
            GoodClient good = new GoodClient(server);
            int before = good.right();
            long began = System.nanoTime();
            attackAll(server, good);
            long seconds = (System.nanoTime() - began) / 1_000_000_000;
            System.out.printf(
                    "%d attacks of %d kinds, %d clients, %d s: %d attempts, %d refused; good"
                            + " requests: %d right, %d refused%n",
                    attacks.size() + HostileClient.values().length,
                    kinds + HostileClient.values().length,
                    CLIENTS,
                    seconds,
                    attempts.get(),
                    refused.get(),
                    good.right(),
                    good.refused());
            assertEquals(List.of(), good.wrong());
            assertEquals(List.of(), List.copyOf(unexpected));
            assertTrue(good.right() > before, "no good request was served");
            assertTrue(server.isAlive());
            assertServesAsBefore(server, good);
            assertEquals(List.of(), server.log());
            assertEquals(0, server.stop());
        }
    }

    private void attackAll(AttackedProcess server, GoodClient good) throws Exception {
        long end = System.nanoTime() + SECONDS * 1_000_000_000;
        AtomicBoolean over = new AtomicBoolean();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> hostile = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                Random random = new Random(i);
                hostile.add(threads.submit(() -> attack(server, random, end)));
            }
            for (int i = 0; i < GOOD_CLIENTS; i++) {
                int first = i;
                threads.submit(
                        () -> {
                            for (int turn = first; !over.get(); turn++) {
                                good.ask(turn);
                            }
                        });
            }
            try {
                for (Future<?> each : hostile) {
                    each.get();
                }
            } catch (ExecutionException e) {
                throw new AssertionError("a hostile client failed", e.getCause());
            } finally {
                over.set(true);
            }
        }
    }

    /** The clients share the suite; then each picks at random. */
    private void attack(AttackedProcess server, Random random, long end) {
        HostileClient[] clients = HostileClient.values();
        int all = clients.length + attacks.size();
        while (true) {
            int which = next.getAndIncrement();
            if (which >= all) {
                if (System.nanoTime() > end) {
                    return;
                }
                boolean behaves = random.nextInt(4) == 0;
                which =
                        behaves
                                ? random.nextInt(clients.length)
                                : random.nextInt(clients.length, all);
            }
            attempts.incrementAndGet();
            if (which < clients.length) {
                run(clients[which], server);
            } else {
                attempt(attacks.get(which - clients.length), server);
            }
        }
    }

    private static void run(HostileClient client, AttackedProcess server) {
        try {
            client.run(server);
        } catch (IOException e) {
            // the server has had enough
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /**
     * Attacks until the result is the expected one. A busy server may refuse a request, and a
     * connection that it closes before it has read all may lose its response.
     */
    private void attempt(Attack attack, AttackedProcess server) {
        String result = "";
        for (int i = 0; i < ATTEMPTS_MAX; i++) {
            result = attack.attempt(server);
            if (result.equals(attack.expected())) {
                return;
            }
            boolean busy = result.contains("busy");
            if (!busy && !result.equals("closed")) {
                break;
            }
            refused.incrementAndGet();
            if (busy && SECONDS > 0) {
                return; // as it may be for long under many clients
            }
            LockSupport.parkNanos(busy ? BUSY_NANOS : 0);
        }
        unexpected.add("%s: expected %s, got %s".formatted(attack, attack.expected(), result));
    }

    private static void assertServesAsBefore(AttackedProcess server, GoodClient good) {
        int right = good.right();
        int refused = good.refused();
        good.ask(0);
        assertEquals(refused, good.refused());
        assertEquals(right + 2, good.right());
        assertEquals("200 closed", get(server, "/ready"));
        assertEquals("200 closed", get(server, "/v1/models/math"));
        assertEquals("404:model closed", get(server, "/v1/models/x"));
    }

    private static String get(AttackedProcess server, String path) {
        String request = AttackList.head("GET " + path, "Connection: close");
        return HttpAttempt.result(server, request.getBytes(StandardCharsets.US_ASCII), "closed");
    }
}
