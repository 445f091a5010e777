package dev.longhand.app.cli;

import dev.longhand.engine.status.LoadProgress;

import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

import org.jspecify.annotations.Nullable;

/** Shows a progress bar on standard error if that is a terminal. */
final class LoadBar implements LoadProgress, AutoCloseable {
    @SuppressWarnings("SystemConsoleNull") // JDK 25 returns null again without a terminal
    private final boolean visible = System.console() != null;

    private final String task;
    private final String unit;
    private final long unitSize;
    private @Nullable ProgressBar bar;

    LoadBar() {
        this("loading");
    }

    LoadBar(String task) {
        this(task, " MiB", 1 << 20);
    }

    /** Creates a bar that counts in units of {@code unitSize}. */
    LoadBar(String task, String unit, long unitSize) {
        this.task = task;
        this.unit = unit;
        this.unitSize = unitSize;
    }

    @Override
    public synchronized void loaded(long doneBytes, long totalBytes) {
        if (!visible) {
            return;
        }
        if (bar == null) {
            bar =
                    new ProgressBarBuilder()
                            .setTaskName(task)
                            .setInitialMax(totalBytes)
                            .setUnit(unit, unitSize)
                            .setStyle(ProgressBarStyle.ASCII)
                            .build();
        }
        bar.stepTo(doneBytes);
    }

    @Override
    public void noted(String line) {
        System.err.println(line);
    }

    /** Ends the line of the bar. */
    void finish() {
        if (bar != null) {
            bar.close();
        }
    }

    @Override
    public void close() {
        finish();
    }
}
