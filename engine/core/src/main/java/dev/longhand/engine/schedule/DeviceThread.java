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
 * The only thread that computes. In a loop it runs the queued tasks and then one step of all
 * running sequences; it sleeps while there is no work. Its methods may be called from any thread,
 * but {@link #await} and {@link #close} not from the device thread itself: they wait for it.
 */
public final class DeviceThread implements Executor, AutoCloseable {
    private static final System.Logger LOG = System.getLogger(DeviceThread.class.getName());

    private final AdmissionQueue queue;
    private final int kvPages;
    private final Scheduler scheduler;
    private final Thread thread;

    /**
     * Starts the thread. Until {@link #close} returns, only this thread may use the model, the
     * backend and the cache.
     */
    public DeviceThread(
            DecoderModel model, ComputeBackend backend, KvCache kv, EngineLimits limits) {
        kvPages = kv.shape().pages();
        RetryAfterEstimate retryAfter = new RetryAfterEstimate();
        queue = new AdmissionQueue(limits.queueDepthMax(), retryAfter);
        scheduler = new Scheduler(model, backend, kv, queue, retryAfter, limits);
        thread = Thread.ofPlatform().name("longhand-device").daemon(true).start(this::run);
    }

    /**
     * Queues sequences of one adapter, all or none. From then on they belong to this thread, which
     * ends each of them exactly once.
     *
     * @throws EngineBusyException if the queue has no room for all of them
     * @throws IllegalStateException if this object was closed
     */
    public void submit(List<Sequence> sequences) {
        queue.submit(sequences);
    }

    /** Returns the current load. Its values are read one by one, not at one instant. */
    public EngineLoad load() {
        boolean alive = thread.isAlive() && !queue.isClosed() && !scheduler.failing();
        return new EngineLoad(
                scheduler.running(),
                queue.depth() + scheduler.paused(),
                queue.isFull(),
                scheduler.pagesHeld(),
                kvPages,
                alive);
    }

    /**
     * Queues a task that this thread runs between two steps. After the last step there is no thread
     * to run it, and the caller runs it at once. Never blocks on a step.
     */
    @Override
    public void execute(Runnable task) {
        if (!queue.offerTask(task)) {
            task.run();
        }
    }

    /**
     * Queues an action that this thread runs when all sequences submitted earlier have ended, and
     * before any sequence submitted later begins.
     *
     * @return the action, which {@link #close} cancels if it has not begun
     * @throws IllegalStateException if this object was closed
     */
    public Future<?> submitAlone(Runnable action) {
        FutureTask<?> task = new FutureTask<>(action, null);
        queue.submitAlone(task);
        return task;
    }

    /**
     * Waits for an action.
     *
     * @throws RuntimeException what the action threw
     * @throws IllegalStateException if the action was cancelled by {@link #close}
     */
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
        // Made before there is work, since a full heap may be what ends it.
        List<Runnable> last =
                List.of(queue::close, queue::cancelAll, scheduler::cancelAll, scheduler::close);
        try {
            while (!queue.isClosed()) {
                if (scheduler.busy() || queue.awaitWork()) {
                    runTasks();
                    scheduler.step();
                }
            }
        } catch (InterruptedException | RuntimeException | Error e) {
            log("ending all generations", e);
        } finally {
            for (int i = 0; i < last.size(); i++) {
                run(last.get(i));
            }
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
        } catch (RuntimeException | Error e) {
            log("a task on the device thread", e);
        }
    }

    /** Logs a failure, if the heap has room for that. */
    static void log(String what, Throwable cause) {
        try {
            LOG.log(System.Logger.Level.ERROR, what, cause);
        } catch (OutOfMemoryError e) {
            // the thread has more important things to do
        }
    }

    /**
     * Ends all generations as cancelled, within one step, and waits for the end of the thread.
     * Afterwards its memory may be freed. Idempotent; an interrupt does not shorten the wait.
     */
    @Override
    public void close() {
        queue.close();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true; // the caller frees memory that the thread may still use
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
