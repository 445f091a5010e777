package dev.longhand.bench;

import dev.longhand.bindings.cuda.CudaDriver;

import java.util.ArrayList;
import java.util.List;

/** Times what is queued on a stream by events between one launch and the next. */
final class EventTimer implements AutoCloseable {
    private final CudaDriver driver;
    private final long stream;
    private final List<Long> events = new ArrayList<>();

    EventTimer(CudaDriver driver, long stream) {
        this.driver = driver;
        this.stream = stream;
    }

    /** Queues an event. */
    void mark() {
        long event = driver.createEvent();
        events.add(event);
        driver.record(event, stream);
    }

    /** Waits for the last mark; the milliseconds from each mark to the {@code apart}-th after. */
    List<Double> millis(int apart) {
        driver.synchronize(stream);
        List<Double> times = new ArrayList<>();
        for (int i = 0; i + apart < events.size(); i++) {
            times.add((double) driver.elapsedMillis(events.get(i), events.get(i + apart)));
        }
        return times;
    }

    /** The middle one; of an even number the upper. */
    static double median(List<Double> values) {
        return values.stream().sorted().skip(values.size() / 2).findFirst().orElseThrow();
    }

    @Override
    public void close() {
        events.forEach(driver::destroyEvent);
        events.clear();
    }
}
