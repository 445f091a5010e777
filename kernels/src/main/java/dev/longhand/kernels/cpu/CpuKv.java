package dev.longhand.kernels.cpu;

import dev.longhand.bindings.cpu.CpuDtype;
import dev.longhand.bindings.cpu.CpuLibrary;
import dev.longhand.bindings.cpu.NativeKv;
import dev.longhand.bindings.cpu.NativeMemory;
import dev.longhand.kernels.kvcache.KvCache;
import dev.longhand.kernels.kvcache.KvShape;

import java.lang.foreign.Arena;

/**
 * A paged cache in the layout of the C kernels: keys [layers, pages, kvHeads, headDim, 64], values
 * [layers, pages, kvHeads, 64, headDim]. INT8 values have their scales after each tile. Memory is
 * committed as pages are written.
 */
final class CpuKv implements KvCache {
    private final Arena arena = Arena.ofShared();
    private final KvShape shape;
    private final NativeMemory memory; // keys, then values
    private final NativeKv struct;

    CpuKv(CpuLibrary library, KvShape shape, CpuDtype dtype) {
        this.shape = shape;
        memory = library.reserve(shape.bytes());
        struct =
                new NativeKv(
                        arena,
                        memory.segment().asSlice(0, shape.keyBytes()),
                        memory.segment().asSlice(shape.keyBytes()),
                        dtype,
                        shape.layers(),
                        shape.pages(),
                        shape.kvHeads(),
                        shape.headDim());
    }

    @Override
    public KvShape shape() {
        return shape;
    }

    NativeKv struct() {
        return struct;
    }

    @Override
    public void close() {
        memory.close();
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
