package dev.longhand.kernels.lora;

/**
 * An adapter in memory that a backend's kernels read. Rows of a batch refer to it; it must not be
 * closed while a step that uses it runs.
 */
public interface LoraAdapter extends AutoCloseable {
    /** Bytes of the backend's memory that {@link #close} frees. */
    long bytes();

    /** Frees its memory; idempotent. */
    @Override
    void close();
}
