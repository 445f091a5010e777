package dev.longhand.engine.cli;

import dev.longhand.engine.weights.LoadProgress;

import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

import org.jspecify.annotations.Nullable;

import java.util.Objects;

/** A bar on standard error while weights load, where someone is there to see it. */
final class LoadBar implements LoadProgress, AutoCloseable {
    // Never null since JDK 22, whatever its declaration says.
    private final boolean visible = Objects.requireNonNull(System.console()).isTerminal();
    private @Nullable ProgressBar bar;

    @Override
    public void loaded(long doneBytes, long totalBytes) {
        if (!visible) {
            return;
        }
        if (bar == null) {
            bar =
                    new ProgressBarBuilder()
                            .setTaskName("loading")
                            .setInitialMax(totalBytes)
                            .setUnit(" MiB", 1 << 20)
                            .setStyle(ProgressBarStyle.ASCII)
                            .build();
        }
        bar.stepTo(doneBytes);
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
