package dev.longhand.kernels.cuda;

import dev.longhand.kernels.kvcache.KvCache;
import dev.longhand.kernels.kvcache.KvShape;

/** A paged cache in the layout of {@code paged_kv.cuh}: [layers, pages, kvHeads, 64, headDim]. */
final class CudaKv implements KvCache {
    private final DeviceMemory memory;
    private final KvShape shape;
    private final long keys;
    private final long values;
    private boolean closed;

    CudaKv(DeviceMemory memory, KvShape shape) {
        this.memory = memory;
        this.shape = shape;
        keys = memory.allocate(shape.bytes() / 2);
        values = memory.allocate(shape.bytes() / 2);
    }

    @Override
    public KvShape shape() {
        return shape;
    }

    long keys() {
        return keys;
    }

    long values() {
        return values;
    }

    /** Bytes of the keys, or of the values, of one page of one layer. */
    long pageBytes() {
        return shape.bytesPerPage() / (2L * shape.layers());
    }

    /** Bytes of the keys, or of the values, of one layer. */
    long layerBytes() {
        return pageBytes() * shape.pages();
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            DeviceMemory.release(
                    () -> {
                        memory.free(keys);
                        memory.free(values);
                    });
        }
    }
}
