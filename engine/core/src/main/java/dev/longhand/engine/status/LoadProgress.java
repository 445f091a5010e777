package dev.longhand.engine.status;

/** Listener for the progress of loading a checkpoint. Called on the thread that opens the model. */
@FunctionalInterface
public interface LoadProgress {
    /** A listener that does nothing. */
    LoadProgress SILENT = (done, total) -> {};

    /** {@code bytesDone} of {@code bytesTotal} tensor bytes were read and checked. */
    void loaded(long bytesDone, long bytesTotal);

    /** Receives one line of information for the user; it is not an error. */
    default void noted(String line) {}
}
