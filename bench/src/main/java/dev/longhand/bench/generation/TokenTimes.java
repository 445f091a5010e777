package dev.longhand.bench.generation;

import dev.longhand.bench.report.Metric;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * The arrival times of a generation's tokens, and the rates and percentiles that follow from them.
 *
 * <p>Rates are taken over windows of a fixed number of tokens. The first window has one interval
 * less, as the first token comes from the prefill. A last window that is not full is left out.
 */
public final class TokenTimes {
    public static final Metric TTFT = new Metric("TTFT", "ms");
    public static final Metric TOKENS_PER_SECOND = Metric.of("tokens/s");
    public static final Metric FIRST_WINDOW = new Metric("first window", "tokens/s");
    public static final Metric LAST_WINDOW = new Metric("last window", "tokens/s");
    public static final Metric P50 = new Metric("p50", "ms");
    public static final Metric P99 = new Metric("p99", "ms");
    public static final Metric BYTES_PER_TOKEN = Metric.of("MB/token");
    public static final Metric BANDWIDTH = new Metric("bandwidth", "GB/s");
    public static final Metric OF_BANDWIDTH = new Metric("of bandwidth", "%");

    /** The position at the end of each window of a series. */
    public static final Metric POSITION = new Metric("position", "");

    private final long start;
    private final long[] times;
    private final int prompt;
    private final int batch;

    /**
     * Creates the times of one of {@code batch} sequences that decode together.
     *
     * @param start the time of submission in nanoseconds
     * @param times the times of at least two tokens and one window, in nanoseconds
     * @param prompt the number of tokens of the prompt
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

    /** Metrics of the whole generation; bytes are computed, see {@link StepBytes}. */
    Map<Metric, Double> metrics(int window, StepBytes bytes, OptionalDouble bandwidth) {
        Map<Metric, Double> metrics = new LinkedHashMap<>();
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

    /** Metrics of each window, with the position at its end. */
    Map<Metric, List<Double>> series(int window, StepBytes bytes, OptionalDouble bandwidth) {
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
        Map<Metric, List<Double>> series = new LinkedHashMap<>();
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

    /** The index of the token whose arrival begins a window. */
    private static int first(int index, int window) {
        return Math.max(0, index * window - 1);
    }

    private static int last(int index, int window) {
        return (index + 1) * window - 1;
    }

    /** Tokens per second, summed over the sequences. */
    private double rate(int from, int to) {
        return (double) batch * (to - from) * 1e9 / (times[to] - times[from]);
    }

    /**
     * The mean bytes per token between two tokens: the step after token t attends to prompt + t + 1
     * positions, its own included.
     */
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
