package dev.longhand.kernels.kvcache;

/** The keys and values of all sequences of an engine, in pages; only its backend may touch it. */
public interface KvCache extends AutoCloseable {
    /** The size. */
    KvShape shape();

    /** Gives the memory back. */
    @Override
    void close();
}
