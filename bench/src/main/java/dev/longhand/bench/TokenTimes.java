package dev.longhand.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * When the tokens of a generation came, and what follows from that.
 *
 * <p>A window is so many tokens; the first has one pause less, as the first token comes from the
 * prefill. A last window that is not full is left out.
 */
final class TokenTimes {
    static final String TTFT = "TTFT ms";
    static final String TOKENS_PER_SECOND = "tokens/s";
    static final String FIRST_WINDOW = "first window tokens/s";
    static final String LAST_WINDOW = "last window tokens/s";
    static final String P50 = "p50 ms";
    static final String P99 = "p99 ms";
    static final String BYTES_PER_TOKEN = "MB/token";
    static final String BANDWIDTH = "bandwidth GB/s";
    static final String OF_BANDWIDTH = "% of bandwidth";

    /** Of a series: where its windows end. */
    static final String POSITION = "position";

    private final long start;
    private final long[] times;
    private final int prompt;
    private final int batch;

    /**
     * Times of one of {@code batch} sequences that run side by side.
     *
     * @param start nanoseconds, when it was submitted
     * @param times nanoseconds, of at least two tokens and one window
     * @param prompt tokens before the first
     */
    TokenTimes(long start, long[] times, int prompt, int batch) {
        if (times.length < 2) {
            throw new IllegalArgumentException("two tokens are needed, given " + times.length);
        }
        this.start = start;
        this.times = times.clone();
        this.prompt = prompt;
        this.batch = batch;
    }

    /** Figures of the whole; bytes are computed, see {@link StepBytes}. */
    Map<String, Double> metrics(int window, StepBytes bytes, OptionalDouble bandwidth) {
        Map<String, Double> metrics = new LinkedHashMap<>();
        int last = times.length - 1;
        metrics.put(TTFT, (times[0] - start) / 1e6);
        metrics.put(TOKENS_PER_SECOND, rate(0, last));
        List<Double> rates = rates(window);
        metrics.put(FIRST_WINDOW, rates.getFirst());
        metrics.put(LAST_WINDOW, rates.getLast());
        metrics.put(P50, percentileMillis(0.50));
        metrics.put(P99, percentileMillis(0.99));
        metrics.put(BYTES_PER_TOKEN, bytes(0, last, bytes) / 1e6);
        if (bandwidth.isPresent()) {
            double limit = bandwidth.getAsDouble();
            metrics.put(BANDWIDTH, limit / 1e9);
            metrics.put(OF_BANDWIDTH, 100 * rate(0, last) * bytes(0, last, bytes) / limit);
        }
        return metrics;
    }

    /** The same for each window, by the position at its end. */
    Map<String, List<Double>> series(int window, StepBytes bytes, OptionalDouble bandwidth) {
        List<Double> positions = new ArrayList<>();
        List<Double> megabytes = new ArrayList<>();
        List<Double> shares = new ArrayList<>();
        List<Double> rates = rates(window);
        for (int i = 0; i < rates.size(); i++) {
            int from = first(i, window);
            int to = last(i, window);
            double each = bytes(from, to, bytes);
            positions.add((double) prompt + to + 1);
            megabytes.add(each / 1e6);
            bandwidth.ifPresent(limit -> shares.add(100 * rate(from, to) * each / limit));
        }
        Map<String, List<Double>> series = new LinkedHashMap<>();
        series.put(POSITION, positions);
        series.put(TOKENS_PER_SECOND, rates);
        series.put(BYTES_PER_TOKEN, megabytes);
        if (bandwidth.isPresent()) {
            series.put(OF_BANDWIDTH, shares);
        }
        return series;
    }

    private List<Double> rates(int window) {
        List<Double> rates = new ArrayList<>();
        for (int i = 0; i < times.length / window; i++) {
            rates.add(rate(first(i, window), last(i, window)));
        }
        return rates;
    }

    /** The token whose time begins a window. */
    private static int first(int index, int window) {
        return Math.max(0, index * window - 1);
    }

    private static int last(int index, int window) {
        return (index + 1) * window - 1;
    }

    /** Tokens per second of all sequences together. */
    private double rate(int from, int to) {
        return (double) batch * (to - from) * 1e9 / (times[to] - times[from]);
    }

    /** The step after token t sees prompt + t + 1 positions, its own included. */
    private double bytes(int from, int to, StepBytes bytes) {
        return bytes.perToken(prompt + (from + to + 1) / 2.0, batch);
    }

    private double percentileMillis(double share) {
        long[] pauses = new long[times.length - 1];
        for (int i = 0; i < pauses.length; i++) {
            pauses[i] = times[i + 1] - times[i];
        }
        Arrays.sort(pauses);
        return pauses[(int) Math.ceil(share * pauses.length) - 1] / 1e6;
    }
}
