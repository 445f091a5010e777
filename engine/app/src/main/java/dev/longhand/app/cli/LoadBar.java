package dev.longhand.app.cli;

import dev.longhand.engine.status.LoadProgress;

import org.jspecify.annotations.Nullable;

import java.io.PrintStream;
import java.util.Locale;

/**
 * Shows the progress of long work on standard error: a bar where that is a terminal, otherwise a
 * line every ten seconds. Nothing is left of a bar when the work ends, and nothing is printed after
 * that. Any thread may report progress.
 */
public final class LoadBar implements LoadProgress, AutoCloseable {
    private static final long REDRAW_MILLIS = 250;
    private static final long LINE_MILLIS = 10_000;
    private static final int BAR_CHARACTERS = 30;
    private static final String CLEAR_LINE = "\r\u001b[K";

    private final PrintStream out;
    private final boolean terminal;
    private final long periodMillis;
    private final String task;
    private final String unit;
    private final long unitSize;
    private final long start = System.nanoTime();
    private @Nullable Thread painter;
    private boolean drawn;
    private boolean ended;
    private long first; // done when the work began, for the estimate
    private long done;
    private long total;

    LoadBar() {
        this("loading");
    }

    LoadBar(String task) {
        this(task, " MiB", 1 << 20);
    }

    /** Creates a bar that counts in units of {@code unitSize}. */
    public LoadBar(String task, String unit, long unitSize) {
        this(System.err, StandardStreams.terminalErr(), LINE_MILLIS, task, unit, unitSize);
    }

    /**
     * Shows progress on a stream.
     *
     * @param lineMillis time between two lines, if it is no terminal
     */
    LoadBar(
            PrintStream out,
            boolean terminal,
            long lineMillis,
            String task,
            String unit,
            long unitSize) {
        this.out = out;
        this.terminal = terminal;
        this.task = task;
        this.unit = unit;
        this.unitSize = unitSize;
        periodMillis = terminal ? REDRAW_MILLIS : lineMillis;
    }

    @Override
    public synchronized void loaded(long doneNow, long totalNow) {
        if (ended) {
            return;
        }
        done = doneNow;
        total = totalNow;
        if (painter == null) {
            first = doneNow;
            painter = Thread.ofPlatform().daemon().name("progress").start(this::paint);
        }
    }

    @Override
    public synchronized void noted(String line) {
        clear();
        out.println(line);
    }

    /** Ends the bar; a second call does nothing. */
    public synchronized void finish() {
        ended = true;
        clear();
        notifyAll();
    }

    @Override
    public void close() {
        finish();
    }

    private synchronized void paint() {
        try {
            while (!ended) {
                wait(periodMillis);
                if (!ended) {
                    draw();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void draw() {
        if (total == 0) { // unknown
            drawCount();
            return;
        }
        double share = Math.clamp((double) done / total, 0, 1);
        String state =
                String.format(
                        Locale.ROOT,
                        "%3.0f %%, %,d of %,d%s, %s",
                        100 * share,
                        done / unitSize,
                        total / unitSize,
                        unit,
                        time());
        if (terminal) {
            int filled = (int) (share * BAR_CHARACTERS);
            String bar = "=".repeat(filled) + " ".repeat(BAR_CHARACTERS - filled);
            out.print(CLEAR_LINE + task + " [" + bar + "] " + state);
            out.flush();
            drawn = true;
        } else {
            out.println(task + ": " + state.strip());
        }
    }

    private void drawCount() {
        String state =
                String.format(Locale.ROOT, "%s: %,d%s, %s", task, done / unitSize, unit, time());
        if (terminal) {
            out.print(CLEAR_LINE + state);
            out.flush();
            drawn = true;
        } else {
            out.println(state);
        }
    }

    private String time() {
        double seconds = (System.nanoTime() - start) / 1e9;
        if (done <= first || done >= total) {
            return duration(seconds);
        }
        double perSecond = (done - first) / seconds;
        return String.format(
                Locale.ROOT,
                "%s, about %s left, %,.1f%s/s",
                duration(seconds),
                duration((total - done) / perSecond),
                perSecond / unitSize,
                unit);
    }

    /** Formats seconds, for example {@code 42 s}, {@code 7 min} or {@code 3.5 h}. */
    public static String duration(double seconds) {
        return seconds < 120
                ? Math.round(seconds) + " s"
                : seconds < 7200
                        ? Math.round(seconds / 60) + " min"
                        : String.format(Locale.ROOT, "%.1f h", seconds / 3600);
    }

    private void clear() {
        if (drawn) {
            out.print(CLEAR_LINE);
            out.flush();
            drawn = false;
        }
    }
}
