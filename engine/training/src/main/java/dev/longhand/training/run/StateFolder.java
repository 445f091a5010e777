package dev.longhand.training.run;

import dev.longhand.engine.error.InputException;
import dev.longhand.training.model.TrainableModel;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The checkpoints of a run, the newest of which are kept. */
final class StateFolder {
    private static final Pattern NAME = Pattern.compile("step-\\d+\\.state");

    private final Path folder;
    private final int keep;

    StateFolder(Path folder, int keep) {
        this.folder = folder;
        this.keep = keep;
    }

    /** Returns the checkpoints, newest first. */
    private List<Path> files() throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> content = Files.list(folder)) {
            return content.filter(file -> NAME.matcher(file.getFileName().toString()).matches())
                    .sorted(Comparator.reverseOrder())
                    .toList();
        }
    }

    boolean isEmpty() throws IOException {
        return files().isEmpty();
    }

    /** Writes a checkpoint and deletes the oldest ones. */
    Path write(TrainingState state, TrainableModel model) throws IOException {
        Files.createDirectories(folder);
        Path file = folder.resolve(String.format(Locale.ROOT, "step-%09d.state", state.step()));
        state.write(file, model);
        List<Path> files = files();
        for (Path old : files.subList(Math.min(keep, files.size()), files.size())) {
            Files.delete(old);
        }
        return file;
    }

    /** Decides whether a checkpoint may be continued, by an exception. */
    interface Check {
        void require(Path file, TrainingState state);
    }

    /**
     * Restores the newest checkpoint that is whole into a model. Returns null if there is none.
     *
     * @param check is asked before anything is restored
     * @throws InputException if all checkpoints are damaged, or the check refuses
     */
    @Nullable TrainingState restore(TrainableModel model, Check check, TrainingListener listener)
            throws IOException {
        InputException damaged = null;
        for (Path file : files()) {
            try (Arena arena = Arena.ofConfined()) {
                TrainingState.Read read;
                try {
                    read = TrainingState.read(file, arena);
                } catch (InputException e) {
                    listener.warned(e.getMessage() + "; an older checkpoint is tried");
                    damaged = e;
                    continue;
                }
                check.require(file, read.state());
                read.restore(file, model);
                return read.state();
            }
        }
        if (damaged != null) {
            throw damaged;
        }
        return null;
    }
}
