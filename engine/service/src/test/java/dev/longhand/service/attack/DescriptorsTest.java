package dev.longhand.service.attack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.TestDevices;
import dev.longhand.kernels.Device;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Recipes m3 and m4: more silent clients than the process may have file descriptors. Its accept
 * loops used 0.7 processors and logged 1.8 MB a second, and others had no place for ten minutes.
 */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class DescriptorsTest {
    private static final int DESCRIPTORS = 120;
    private static final int HTTP_CLIENTS = 150;
    private static final int LINE_CLIENTS = 60; // the system itself keeps 50 in its queue
    private static final int ROUNDS = 5;

    private static final int SERVERS = 2;

    /** The limit for a first request is 5 s. */
    private static final long PATIENCE_NANOS = 15_000_000_000L;

    private static final double SHARE_MAX = 0.1; // of a processor

    private interface Port {
        Socket connect() throws IOException;
    }

    @Test
    void aCrowdCostsNoProcessorTimeAndOneWarningEach() throws Exception {
        TestDevices.require(Device.CPU);
        List<Socket> crowd = new ArrayList<>();
        try (AttackedProcess server = new AttackedProcess(DESCRIPTORS)) {
            GoodClient good = new GoodClient(server);
            connect(server::http, HTTP_CLIENTS, crowd);
            connect(server::lines, LINE_CLIENTS, crowd);
            assertTrue(crowd.size() > DESCRIPTORS, crowd.size() + " are connected");
            double share = 1;
            for (int i = 0; i < ROUNDS && share > SHARE_MAX; i++) {
                share = processorShare(server);
            }
            assertTrue(share <= SHARE_MAX, "an idle server uses %.2f processors".formatted(share));
            assertServes(server, good);
            assertEquals(List.of(), good.wrong());
            List<String> warnings =
                    server.log().stream().filter(line -> line.contains("WARNING")).toList();
            assertTrue(warnings.size() <= SERVERS, server.log().toString());
            assertEquals(0, server.stop());
        } finally {
            for (Socket each : crowd) {
                each.close();
            }
        }
    }

    /** The silent clients stay, but their places are soon free. */
    private static void assertServes(AttackedProcess server, GoodClient good)
            throws InterruptedException {
        long end = System.nanoTime() + PATIENCE_NANOS;
        for (int turn = 0; ; turn++) {
            int right = good.right();
            good.ask(turn);
            if (good.right() == right + 2) {
                return;
            }
            assertTrue(System.nanoTime() < end, "there is no place for others: " + server.log());
            Thread.sleep(200);
        }
    }

    private static void connect(Port port, int clients, List<Socket> crowd) {
        for (int i = 0; i < clients; i++) {
            try {
                crowd.add(port.connect());
            } catch (IOException e) {
                // no place
            }
        }
    }

    /** The processors that the process uses in a second. */
    private static double processorShare(AttackedProcess server) throws InterruptedException {
        long began = System.nanoTime();
        long before = server.processorTime().toNanos();
        Thread.sleep(1000);
        return (server.processorTime().toNanos() - before) / (double) (System.nanoTime() - began);
    }
}
