package dev.longhand.app.study;

import dev.longhand.app.cli.LoadBar;
import dev.longhand.study.pipeline.Stage;
import dev.longhand.study.pipeline.StudyFolder;
import dev.longhand.study.pipeline.StudyRun;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Prints on standard error a line for each stage that ends, with the time left, and every half a
 * minute one for each stage that runs: what its command printed last. Any thread may use it.
 */
final class StudyProgress implements StudyRun.Progress, AutoCloseable {
    private static final long LINE_MILLIS = 30_000;

    private final StudyTimes times;
    private final StudyFolder folder;
    private final int jobs;
    private final int total;
    private final Map<String, Stage> running = new LinkedHashMap<>();
    private final Thread reporter;
    private int ended;
    private int skipped;

    StudyProgress(StudyTimes times, StudyFolder folder, int jobs, int total) {
        this.times = times;
        this.folder = folder;
        this.jobs = jobs;
        this.total = total;
        reporter = Thread.ofPlatform().daemon().name("progress").start(this::report);
    }

    @Override
    public synchronized void skipped(Stage stage) {
        ended++;
        skipped++;
        times.ended(stage);
    }

    @Override
    public synchronized void started(Stage stage) {
        running.put(stage.name(), stage);
    }

    @Override
    public synchronized void ended(Stage stage, double seconds) {
        running.remove(stage.name());
        ended++;
        times.measured(stage, seconds);
        System.err.printf(
                Locale.ROOT,
                "[%d of %d] %s: %s%s%n",
                ended,
                total,
                stage.name(),
                LoadBar.duration(seconds),
                ended == total ? "" : ", about " + timeLeft() + " left in all");
    }

    private String timeLeft() {
        return LoadBar.duration(times.secondsLeft() / jobs);
    }

    private void report() {
        try {
            while (true) {
                Thread.sleep(LINE_MILLIS);
                synchronized (this) {
                    for (Stage stage : running.values()) {
                        System.err.printf(
                                "  %s: %s%n", stage.name(), StageLog.lastLine(folder.log(stage)));
                    }
                }
            }
        } catch (InterruptedException e) {
            // closed
        }
    }

    /** Prints what was done. */
    synchronized void finish() {
        System.err.printf("%d stages done now, %d before%n", ended - skipped, skipped);
    }

    @Override
    public void close() {
        reporter.interrupt();
    }
}
