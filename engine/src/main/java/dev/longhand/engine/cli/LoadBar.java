package dev.longhand.engine.cli;

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
    private @Nullable ProgressBar bar;

    LoadBar() {
        this("loading");
    }

    LoadBar(String task) {
        this.task = task;
    }

    @Override
    public void loaded(long doneBytes, long totalBytes) {
        if (!visible) {
            return;
        }
        if (bar == null) {
            bar =
                    new ProgressBarBuilder()
                            .setTaskName(task)
                            .setInitialMax(totalBytes)
                            .setUnit(" MiB", 1 << 20)
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
