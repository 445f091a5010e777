package dev.longhand.app.cli;

import dev.longhand.engine.weights.LoadProgress;

import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

import org.jspecify.annotations.Nullable;

/** A bar on standard error while weights are read or written, where someone is there to see it. */
final class LoadBar implements LoadProgress, AutoCloseable {
    @SuppressWarnings("SystemConsoleNull") // JDK 25 answers null again without a terminal
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

    /** A bar of things of another kind than bytes. */
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

    /** Ends the bar's line, once the model is open. */
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
