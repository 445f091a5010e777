package dev.longhand.kernels.kvcache;

/**
 * The keys and values of all sequences of an engine, in pages; only its backend may access them.
 */
public interface KvCache extends AutoCloseable {
    /** The size of the cache. */
    KvShape shape();

    /** Frees the memory. */
    @Override
    void close();
}
