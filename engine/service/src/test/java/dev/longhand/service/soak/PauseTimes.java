package dev.longhand.service.soak;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Times between tokens as clients see them, in nanoseconds. */
final class PauseTimes {
    private long[] nanos = new long[1024];
    private int count;

    void add(long value) {
        if (count == nanos.length) {
            nanos = Arrays.copyOf(nanos, 2 * count);
        }
        nanos[count++] = value;
    }

    /** Merges the times of all clients. */
    static String summary(List<PauseTimes> clients) {
        long[] all =
                clients.stream()
                        .flatMapToLong(each -> Arrays.stream(each.nanos, 0, each.count))
                        .sorted()
                        .toArray();
        return all.length == 0
                ? "no two tokens"
                : String.format(
                        Locale.ROOT,
                        "%d pauses between tokens: p50 %.1f ms, p99 %.1f ms, longest %.1f ms",
                        all.length,
                        all[all.length / 2] / 1e6,
                        all[(int) (all.length * 0.99)] / 1e6,
                        all[all.length - 1] / 1e6);
    }
}
