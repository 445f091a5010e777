package dev.longhand.kernels.lora;

/**
 * An adapter where a backend's kernels read it. Rows of a batch name it; it must not be closed
 * while a step that uses it runs.
 */
public interface LoraAdapter extends AutoCloseable {
    /** Bytes of the backend's memory that closing gives back. */
    long bytes();

    /** Gives its memory back; idempotent. */
    @Override
    void close();
}
