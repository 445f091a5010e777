package dev.longhand.kernels.kvcache;

/**
 * The keys and values of all sequences of an engine, in pages. Only the backend that allocated it
 * may access it.
 */
public interface KvCache extends AutoCloseable {
    /** The size of the cache. */
    KvShape shape();

    /** Frees the memory. */
    @Override
    void close();
}
