package dev.longhand.engine.weights;

/** Told how far the opening of a checkpoint is; called on the opening thread. */
@FunctionalInterface
public interface LoadProgress {
    /** A listener that does nothing. */
    LoadProgress SILENT = (done, total) -> {};

    /** {@code bytesDone} of {@code bytesTotal} tensor bytes were read and checked. */
    void loaded(long bytesDone, long bytesTotal);
}
