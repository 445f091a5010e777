package dev.longhand.study.pipeline;

import dev.longhand.engine.error.InputException;

import java.nio.file.Path;

/** The command of a stage has failed; the message names the stage and its log. */
public final class StageFailedException extends InputException {
    private static final long serialVersionUID = 1L;

    private final transient Stage stage;

    StageFailedException(Stage stage, int status, Path log) {
        super(
                "the stage %s failed with status %d; its log is %s"
                        .formatted(stage.name(), status, log));
        this.stage = stage;
    }

    /** The stage. */
    public Stage stage() {
        return stage;
    }
}
