package dev.longhand.bench.cli;

import java.io.PrintStream;
import java.util.Locale;

/** Prints a line about a long generation every ten seconds, on standard error. */
public final class TokenProgress {
    private static final long LINE_NANOS = 10_000_000_000L;

    private final PrintStream out;
    private final long lineNanos;
    private final int total;
    private long printed = System.nanoTime();
    private int before;

    /** Starts to watch a generation of so many tokens. */
    public TokenProgress(int total) {
        this(System.err, LINE_NANOS, total);
    }

    TokenProgress(PrintStream out, long lineNanos, int total) {
        this.out = out;
        this.lineNanos = lineNanos;
        this.total = total;
    }

    /** Tells how many tokens there are at a time of {@link System#nanoTime}. */
    public void generated(int tokens, long now) {
        if (now - printed >= lineNanos) {
            double rate = (tokens - before) * 1e9 / (now - printed);
            out.printf(
                    Locale.ROOT,
                    "%,d of %,d tokens, %.1f tokens/s, about %.0f s left%n",
                    tokens,
                    total,
                    rate,
                    (total - tokens) / rate);
            printed = now;
            before = tokens;
        }
    }
}
