package dev.longhand.kernels.reference;

import dev.longhand.kernels.batch.StepBatch;
import dev.longhand.kernels.kvcache.Int8Values;
import dev.longhand.kernels.kvcache.KvCache;
import dev.longhand.kernels.kvcache.KvShape;
import dev.longhand.kernels.tensor.BFloat16;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Keys and values in the simplest layout, [layers, pages, positions, kvHeads, headDim], always F32;
 * a BF16 or INT8 cache holds the rounded values.
 */
final class ReferenceKv implements KvCache {
    private final Arena arena = Arena.ofShared();
    private final KvShape shape;
    private final HostTensor keys;
    private final HostTensor values;

    ReferenceKv(KvShape shape) {
        this.shape = shape;
        Shape extents =
                Shape.of(
                        shape.layers(),
                        shape.pages(),
                        KvShape.PAGE_POSITIONS,
                        (long) shape.kvHeads() * shape.headDim());
        keys = HostTensor.allocate(arena, DType.F32, extents);
        values = HostTensor.allocate(arena, DType.F32, extents);
    }

    @Override
    public KvShape shape() {
        return shape;
    }

    HostTensor keys() {
        return keys;
    }

    HostTensor values() {
        return values;
    }

    /** Index of the first element of a head at a position of a sequence. */
    long at(StepBatch batch, int layer, int sequence, int position, int kvHead) {
        int page = batch.page(sequence, position / KvShape.PAGE_POSITIONS);
        long slot =
                ((long) layer * shape.pages() + page) * KvShape.PAGE_POSITIONS
                        + position % KvShape.PAGE_POSITIONS;
        return (slot * shape.kvHeads() + kvHead) * shape.headDim();
    }

    /**
     * Stores the key and value of a head, which start at elements {@code key} and {@code value} of
     * {@code qkv}.
     */
    void store(long at, HostTensor qkv, long key, long value) {
        float[] rounded = new float[shape.headDim()];
        for (int i = 0; i < rounded.length; i++) {
            float element = qkv.get(key + i);
            boolean exact = shape.keyDtype() == DType.F32;
            keys.set(at + i, exact ? element : BFloat16.round(element));
            rounded[i] = qkv.get(value + i);
        }
        switch (shape.dtype()) {
            case BF16 -> {
                for (int i = 0; i < rounded.length; i++) {
                    rounded[i] = BFloat16.round(rounded[i]);
                }
            }
            case INT8 -> Int8Values.round(rounded, 0, rounded.length);
            default -> {}
        }
        for (int i = 0; i < rounded.length; i++) {
            values.set(at + i, rounded[i]);
        }
    }

    void copyPage(int from, int to) {
        long bytes =
                (long) KvShape.PAGE_POSITIONS * shape.kvHeads() * shape.headDim() * Float.BYTES;
        for (int layer = 0; layer < shape.layers(); layer++) {
            long first = (long) layer * shape.pages();
            for (HostTensor cache : new HostTensor[] {keys, values}) {
                MemorySegment data = cache.data();
                MemorySegment.copy(data, (first + from) * bytes, data, (first + to) * bytes, bytes);
            }
        }
    }

    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
