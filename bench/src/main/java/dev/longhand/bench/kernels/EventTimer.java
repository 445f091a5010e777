package dev.longhand.bench.kernels;

import dev.longhand.bindings.cuda.CudaQueue;

import java.util.ArrayList;
import java.util.List;

/** Times queued work by device events between launches. */
final class EventTimer implements AutoCloseable {
    private final CudaQueue queue;
    private final List<Long> events = new ArrayList<>();

    EventTimer(CudaQueue queue) {
        this.queue = queue;
    }

    /** Queues an event. */
    void mark() {
        long event = queue.driver().createEvent();
        events.add(event);
        queue.record(event);
    }

    /**
     * Waits for the last mark and returns the milliseconds from each mark to the {@code apart}-th
     * mark after it.
     */
    List<Double> millis(int apart) {
        queue.synchronize();
        List<Double> times = new ArrayList<>();
        for (int i = 0; i + apart < events.size(); i++) {
            times.add((double) queue.driver().elapsedMillis(events.get(i), events.get(i + apart)));
        }
        return times;
    }

    @Override
    public void close() {
        events.forEach(queue.driver()::destroyEvent);
        events.clear();
    }
}
