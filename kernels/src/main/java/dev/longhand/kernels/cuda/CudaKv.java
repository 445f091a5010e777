package dev.longhand.kernels.cuda;

import dev.longhand.bindings.cuda.CudaQueue;
import dev.longhand.kernels.kvcache.KvCache;
import dev.longhand.kernels.kvcache.KvShape;
import dev.longhand.kernels.tensor.DType;

/** A paged cache in the layout of {@code paged_kv.cuh}: [layers, pages, kvHeads, 64, headDim]. */
final class CudaKv implements KvCache {
    /** The dtype in which the kernels store keys and values. */
    static final DType DTYPE = DType.BF16;

    /** Why no other dtype is supported. */
    static final String OTHER_DTYPE = "the CUDA kernels keep keys and values in bf16";

    private final DeviceMemory memory;
    private final KvShape shape;
    private final long keys;
    private final long values;
    private boolean closed;

    CudaKv(DeviceMemory memory, KvShape shape) {
        if (shape.dtype() != DTYPE) {
            throw new IllegalArgumentException(OTHER_DTYPE);
        }
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

    /** Queues the copy of one page of every layer. */
    void copyPage(CudaQueue queue, int from, int to) {
        for (int layer = 0; layer < shape.layers(); layer++) {
            long first = layer * layerBytes();
            copyPage(queue, keys + first, from, to);
            copyPage(queue, values + first, from, to);
        }
    }

    private void copyPage(CudaQueue queue, long pages, int from, int to) {
        queue.copyOnDevice(pages + to * pageBytes(), pages + from * pageBytes(), pageBytes());
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
