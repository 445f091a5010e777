package dev.longhand.engine.schedule;

import dev.longhand.engine.decode.Sequence;
import dev.longhand.engine.error.EngineBusyException;
import dev.longhand.engine.model.DecoderModel;
import dev.longhand.engine.status.EngineLoad;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.kvcache.KvCache;

import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;

/**
 * The one thread that computes. It sleeps while nothing is asked for, and on close ends what is
 * under way within one step.
 */
public final class DeviceThread implements Executor, AutoCloseable {
    private static final System.Logger LOG = System.getLogger(DeviceThread.class.getName());

    private final AdmissionQueue queue;
    private final int kvPages;
    private final Scheduler scheduler;
    private final Thread thread;

    /** Starts the thread; from now on it alone may use the model, the backend and the cache. */
    public DeviceThread(
            DecoderModel model, ComputeBackend backend, KvCache kv, EngineLimits limits) {
        kvPages = kv.shape().pages();
        RetryAfterEstimate retryAfter = new RetryAfterEstimate();
        queue = new AdmissionQueue(limits.queueDepthMax(), retryAfter);
        scheduler = new Scheduler(model, backend, kv, queue, retryAfter, limits);
        thread = Thread.ofPlatform().name("longhand-device").daemon(true).start(this::run);
    }

    /**
     * Queues sequences of one adapter, all or none.
     *
     * @throws EngineBusyException if the queue is full
     * @throws IllegalStateException if the thread was closed
     */
    public void submit(List<Sequence> sequences) {
        queue.submit(sequences);
    }

    /** How busy the thread is; from any thread. */
    public EngineLoad load() {
        boolean alive = thread.isAlive() && !queue.isClosed() && !scheduler.failing();
        return new EngineLoad(
                scheduler.running(),
                queue.depth(),
                queue.isFull(),
                scheduler.pagesHeld(),
                kvPages,
                alive);
    }

    /**
     * Runs a task between two steps; at once in the caller if there will be none any more. Never
     * waits.
     */
    @Override
    public void execute(Runnable task) {
        if (!queue.offerTask(task)) {
            task.run();
        }
    }

    /**
     * Queues an action that runs when every sequence submitted so far has ended, and before any
     * that is submitted later begins.
     *
     * @throws IllegalStateException if the thread was closed
     */
    public Future<?> submitAlone(Runnable action) {
        FutureTask<?> task = new FutureTask<>(action, null);
        queue.submitAlone(task);
        return task;
    }

    /** Waits for an action. */
    public static void await(Future<?> action) throws InterruptedException {
        try {
            action.get();
        } catch (CancellationException e) {
            throw new IllegalStateException("the engine was closed meanwhile", e);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException cause
                    ? cause
                    : new IllegalStateException(e.getCause());
        }
    }

    private void run() {
        try {
            while (!queue.isClosed()) {
                if (scheduler.busy() || queue.awaitWork()) {
                    runTasks();
                    scheduler.step();
                }
            }
        } catch (InterruptedException e) {
            LOG.log(System.Logger.Level.WARNING, "interrupted; ending all generations", e);
        } finally {
            queue.close();
            scheduler.cancelAll();
            scheduler.close();
            for (Runnable task = queue.lastTask(); task != null; task = queue.lastTask()) {
                run(task);
            }
        }
    }

    private void runTasks() {
        for (Runnable task = queue.nextTask(); task != null; task = queue.nextTask()) {
            run(task);
        }
    }

    private static void run(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, "a task on the device thread", e);
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
