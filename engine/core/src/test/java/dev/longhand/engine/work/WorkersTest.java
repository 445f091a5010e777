package dev.longhand.engine.work;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

@Timeout(30)
class WorkersTest {
    private final Workers workers = new Workers("test-worker", 1);

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new CancellationException("interrupted");
        }
    }

    @Test
    void workRunsOnPlatformThreads() throws InterruptedException {
        AtomicBoolean virtual = new AtomicBoolean(true);
        Thread.ofVirtual()
                .start(() -> virtual.set(workers.call(() -> Thread.currentThread().isVirtual())))
                .join();
        assertFalse(virtual.get());
        assertThrows(
                OutOfMemoryError.class,
                () ->
                        workers.call(
                                () -> {
                                    throw new OutOfMemoryError("test");
                                }));
    }

    @Test
    void anInterruptedCallerLeavesWithoutWorkDone() throws InterruptedException {
        CountDownLatch busy = new CountDownLatch(1);
        CountDownLatch begun = new CountDownLatch(1);
        Thread first =
                Thread.startVirtualThread(
                        () ->
                                workers.call(
                                        () -> {
                                            begun.countDown();
                                            await(busy);
                                            return 1;
                                        }));
        begun.await();
        AtomicBoolean worked = new AtomicBoolean();
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        AtomicBoolean interrupted = new AtomicBoolean();
        Thread second =
                Thread.startVirtualThread(
                        () -> {
                            thrown.set(
                                    assertThrows(
                                            CancellationException.class,
                                            () ->
                                                    workers.call(
                                                            () -> {
                                                                worked.set(true);
                                                                return 2;
                                                            })));
                            interrupted.set(Thread.currentThread().isInterrupted());
                        });
        second.interrupt();
        second.join();
        assertTrue(thrown.get().getMessage().contains("interrupted"));
        assertTrue(interrupted.get());
        busy.countDown();
        first.join();
        assertEquals(3, workers.call(() -> 3));
        assertFalse(worked.get());
    }

    @Test
    void anInterruptReachesWorkThatHasBegun() throws InterruptedException {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch never = new CountDownLatch(1);
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Thread caller =
                Thread.startVirtualThread(
                        () -> {
                            try {
                                workers.call(
                                        () -> {
                                            begun.countDown();
                                            await(never);
                                            return 1;
                                        });
                            } catch (CancellationException e) {
                                thrown.set(e);
                            }
                        });
        begun.await();
        caller.interrupt();
        caller.join();
        assertEquals("interrupted", thrown.get().getMessage());
        assertEquals(3, workers.call(() -> 3));
    }
}
