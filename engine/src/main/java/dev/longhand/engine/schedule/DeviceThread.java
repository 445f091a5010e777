package dev.longhand.engine.schedule;

import dev.longhand.engine.decode.Sequence;
import dev.longhand.engine.model.Qwen2Model;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.kvcache.KvCache;

/**
 * The one thread that computes. It sleeps while nothing is asked for, and on close ends what is
 * under way within one step.
 */
public final class DeviceThread implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(DeviceThread.class.getName());

    private final AdmissionQueue queue;
    private final Scheduler scheduler;
    private final Thread thread;

    /** Starts the thread; from now on it alone may use the model, the backend and the cache. */
    public DeviceThread(Qwen2Model model, ComputeBackend backend, KvCache kv, EngineLimits limits) {
        queue = new AdmissionQueue(limits.queueDepthMax());
        scheduler = new Scheduler(model, backend, kv, queue, limits);
        thread = Thread.ofPlatform().name("longhand-device").daemon(true).start(this::run);
    }

    /**
     * Queues a sequence.
     *
     * @throws EngineBusyException if the queue is full
     * @throws IllegalStateException if the thread was closed
     */
    public void submit(Sequence sequence) {
        queue.submit(sequence);
    }

    private void run() {
        try {
            while (!queue.isClosed()) {
                if (scheduler.busy() || queue.awaitWork()) {
                    scheduler.step();
                }
            }
        } catch (InterruptedException e) {
            LOG.log(System.Logger.Level.WARNING, "interrupted; ending all generations", e);
        } finally {
            queue.close();
            scheduler.cancelAll();
            scheduler.close();
        }
    }

    /** Ends all generations as cancelled and waits for the thread; idempotent. */
    @Override
    public void close() {
        queue.close();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true; // memory may be freed only after the thread has ended
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
