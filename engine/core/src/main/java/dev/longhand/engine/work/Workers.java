package dev.longhand.engine.work;

import org.jspecify.annotations.Nullable;

import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * A bounded pool of platform threads for work that would occupy the carrier of a virtual thread:
 * calls of native libraries, reading and parsing of files. Work runs in the order of its arrival.
 * Idle threads end after a second, so a pool needs no close. Any thread may call.
 */
public final class Workers {
    private static final long IDLE_SECONDS_MAX = 1;

    private final ThreadPoolExecutor threads;

    /** One call's work; knows the thread that runs it, so that an interrupt can be passed on. */
    private static final class Job<T> extends FutureTask<T> {
        private @Nullable Thread runner; // guarded by this object's monitor

        Job(Supplier<T> work) {
            super(work::get);
        }

        @Override
        public void run() {
            setRunner(Thread.currentThread());
            try {
                super.run();
            } finally {
                setRunner(null);
            }
        }

        private synchronized void setRunner(@Nullable Thread thread) {
            runner = thread;
        }

        synchronized void interrupt() {
            if (runner != null) {
                runner.interrupt();
            }
        }
    }

    /**
     * Creates a pool without threads; they start when there is work.
     *
     * @param name prefix of the names of its threads
     * @param count limit for the number of threads
     */
    public Workers(String name, int count) {
        AtomicInteger started = new AtomicInteger();
        threads =
                new ThreadPoolExecutor(
                        count,
                        count,
                        IDLE_SECONDS_MAX,
                        TimeUnit.SECONDS,
                        new LinkedBlockingQueue<>(),
                        work ->
                                Thread.ofPlatform()
                                        .name(name + "-" + started.incrementAndGet())
                                        .daemon(true)
                                        .unstarted(work));
        threads.allowCoreThreadTimeOut(true);
    }

    /**
     * Runs work on a thread of the pool and waits for its result. An interrupt of the caller
     * removes work that has not begun; otherwise it is passed on to the work, whose end is awaited.
     * The caller's interrupt status stays set.
     *
     * @throws CancellationException if the caller was interrupted before the work began
     * @throws RuntimeException what the work threw; an {@link Error} too
     */
    public <T> T call(Supplier<T> work) {
        Job<T> job = new Job<>(work);
        threads.execute(job);
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return job.get();
                } catch (InterruptedException e) {
                    interrupted = true;
                    if (threads.remove(job)) {
                        throw new CancellationException("interrupted before the work began");
                    }
                    job.interrupt();
                }
            }
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case RuntimeException cause -> throw cause;
                case Error cause -> throw cause;
                case null, default -> throw new IllegalStateException(e); // a Supplier throws none
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
