package dev.longhand.bench.report;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * What a run will cost, roughly.
 *
 * @param written bytes that are written first, by what they are
 * @param seconds time that it takes, without writing
 */
public record RunCost(Map<String, Long> written, double seconds) {
    /** Nothing worth a word. */
    public static final RunCost NONE = new RunCost(Map.of(), 0);

    /** Random checkpoints are computed at about this rate on one core. */
    private static final double BYTES_WRITTEN_PER_SECOND = 150e6;

    public RunCost {
        written = Map.copyOf(written);
    }

    /** A run that writes nothing. */
    public static RunCost ofSeconds(double seconds) {
        return new RunCost(Map.of(), seconds);
    }

    /** Both runs, one after the other; what both need is written once. */
    public RunCost plus(RunCost other) {
        Map<String, Long> all = new LinkedHashMap<>(written);
        all.putAll(other.written);
        return new RunCost(all, seconds + other.seconds);
    }

    /** Says so in a line, for example {@code writes 0.99 GB first; about 3 min in all}. */
    public String text() {
        long bytes = written.values().stream().mapToLong(Long::longValue).sum();
        double all = seconds + bytes / BYTES_WRITTEN_PER_SECOND;
        String time = "about " + duration(all) + " in all";
        return bytes == 0
                ? time
                : String.format(
                        Locale.ROOT,
                        "writes %s first, %.2f GB; %s",
                        String.join(", ", written.keySet().stream().sorted().toList()),
                        bytes / 1e9,
                        time);
    }

    private static String duration(double seconds) {
        return seconds < 100
                ? String.format(Locale.ROOT, "%.0f s", Math.max(1, seconds))
                : seconds < 6000
                        ? String.format(Locale.ROOT, "%.0f min", seconds / 60)
                        : String.format(Locale.ROOT, "%.1f h", seconds / 3600);
    }
}
