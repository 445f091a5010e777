package dev.longhand.study.pipeline;

import dev.longhand.engine.file.DurableFiles;
import dev.longhand.engine.file.LockFile;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Runs the stages of a study that are not done, several at a time, each after those that it needs.
 * A run that was ended, however it was, goes on with the same call. One thread uses an instance.
 */
public final class StudyRun {
    private final List<Stage> stages;
    private final Map<String, String> files;
    private final StudyFolder folder;
    private final Runner runner;
    private final Progress progress;
    private final Set<String> done = new HashSet<>();
    private final Set<String> running = new HashSet<>();

    /** Runs the command of a stage. */
    public interface Runner {
        /**
         * Runs a command to its end. Several threads call this at once.
         *
         * @param arguments the command line
         * @param log receives what the command prints
         * @return the exit status; 0 is success
         */
        int run(Stage stage, List<String> arguments, Path log)
                throws IOException, InterruptedException;
    }

    /** Observes a run. The thread of the run calls it. */
    public interface Progress {
        /** A stage is done already. */
        void skipped(Stage stage);

        /** A stage begins. */
        void started(Stage stage);

        /** A stage has ended well. */
        void ended(Stage stage, double seconds);
    }

    /** The end of a stage. */
    private record Ended(Stage stage, int status, double seconds) {}

    /**
     * Prepares a run.
     *
     * @param stages each after those that it needs
     * @param files the texts of files in the study's folder that stages read, by name
     */
    public StudyRun(
            List<Stage> stages,
            Map<String, String> files,
            StudyFolder folder,
            Runner runner,
            Progress progress) {
        this.stages = List.copyOf(stages);
        this.files = Map.copyOf(files);
        this.folder = folder;
        this.runner = runner;
        this.progress = progress;
    }

    /**
     * Runs what is to be run.
     *
     * @param jobs the most stages at a time, at least 1
     * @throws StageFailedException if a stage failed, after those that were running have ended
     * @throws dev.longhand.engine.error.InputException if another run uses the folder
     */
    public void run(int jobs) throws IOException, InterruptedException {
        Files.createDirectories(folder.path());
        try (LockFile _ = LockFile.of(folder.path().resolve("study"));
                ExecutorService threads = Executors.newFixedThreadPool(jobs)) {
            writeFiles();
            CompletionService<Ended> ends = new ExecutorCompletionService<>(threads);
            Set<Stage> left = new LinkedHashSet<>(stages);
            Ended failed = null;
            while (true) {
                if (failed == null) {
                    start(left, jobs, ends);
                }
                if (running.isEmpty()) {
                    break;
                }
                Ended end = take(ends);
                running.remove(end.stage.name());
                if (end.status == 0) {
                    folder.end(end.stage, end.seconds);
                    done.add(end.stage.name());
                    progress.ended(end.stage, end.seconds);
                } else if (failed == null) {
                    failed = end;
                }
            }
            folder.save();
            refuse(failed);
        }
    }

    /** Starts what can start; stages that are done are taken off. */
    private void start(Set<Stage> left, int jobs, CompletionService<Ended> ends)
            throws IOException {
        for (Stage stage : List.copyOf(left)) {
            if (running.size() == jobs) {
                return;
            }
            switch (folder.state(stage, done)) {
                case WAITING -> {}
                case DONE -> {
                    left.remove(stage);
                    done.add(stage.name());
                    progress.skipped(stage);
                }
                case BEGUN, NEW -> {
                    left.remove(stage);
                    running.add(stage.name());
                    folder.begin(stage);
                    progress.started(stage);
                    ends.submit(() -> run(stage));
                }
            }
        }
    }

    private Ended run(Stage stage) throws IOException, InterruptedException {
        long start = System.nanoTime();
        int status = runner.run(stage, folder.arguments(stage), folder.log(stage));
        return new Ended(stage, status, (System.nanoTime() - start) / 1e9);
    }

    private static Ended take(CompletionService<Ended> ends)
            throws IOException, InterruptedException {
        try {
            return ends.take().get();
        } catch (ExecutionException e) {
            throw new IOException("a stage could not be run: " + e.getCause(), e.getCause());
        }
    }

    private void refuse(@Nullable Ended failed) {
        if (failed != null) {
            throw new StageFailedException(failed.stage, failed.status, folder.log(failed.stage));
        }
    }

    /** The files are inputs of stages, so each is written only if it changed. */
    private void writeFiles() throws IOException {
        for (Map.Entry<String, String> each : files.entrySet()) {
            Path file = folder.path().resolve(each.getKey());
            if (!Files.exists(file) || !Files.readString(file).equals(each.getValue())) {
                DurableFiles.replace(file, each.getValue());
            }
        }
    }
}
