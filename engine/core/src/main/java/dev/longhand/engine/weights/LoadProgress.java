package dev.longhand.engine.weights;

/** Told how far the opening of a checkpoint is; called on the opening thread. */
@FunctionalInterface
public interface LoadProgress {
    /** A listener that does nothing. */
    LoadProgress SILENT = (done, total) -> {};

    /** {@code bytesDone} of {@code bytesTotal} tensor bytes were read and checked. */
    void loaded(long bytesDone, long bytesTotal);

    /** Told in one line of something that its user may want to know; nothing is wrong. */
    default void noted(String line) {}
}
