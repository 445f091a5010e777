package dev.longhand.kernels.backend;

/**
 * A device and its kernels: memory, the ops of a decoder step over tensors in that memory, and
 * capabilities. Used by one thread at a time.
 */
public interface ComputeBackend extends BackendMemory, DecoderOps, AutoCloseable {
    /** What this backend supports. */
    Capabilities capabilities();

    /**
     * Frees every tensor; idempotent. Adapters, KV caches and batches are closed by their owner.
     */
    @Override
    void close();
}
