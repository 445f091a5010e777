package dev.longhand.kernels.backend;

/**
 * A device with kernels for it, through which a model computes: its memory, the ops of a decoder
 * step over tensors in that memory, and what it supports. A backend belongs to one thread at a
 * time.
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
