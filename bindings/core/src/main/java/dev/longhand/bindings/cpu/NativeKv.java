package dev.longhand.bindings.cpu;

import dev.longhand.bindings.cpu.generated.LonghandCpu;
import dev.longhand.bindings.cpu.generated.lh_kv;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** An {@code lh_kv}: the sizes and the memory of a paged KV cache. */
public final class NativeKv {
    private final MemorySegment struct;

    /**
     * Describes a cache.
     *
     * @param keys [layers, pages, kvHeads, headDim, 64]
     * @param values [layers, pages, kvHeads, 64, headDim]; for INT8, scales follow each tile
     * @param dtype F32, BF16, or INT8 (keys in BF16, values in 8 bits)
     */
    public NativeKv(
            Arena arena,
            MemorySegment keys,
            MemorySegment values,
            CpuDtype dtype,
            int layers,
            int pages,
            int kvHeads,
            int headDim) {
        struct = lh_kv.allocate(arena);
        lh_kv.keys(struct, keys);
        lh_kv.values(struct, values);
        lh_kv.dtype(struct, dtype.code());
        lh_kv.layers(struct, layers);
        lh_kv.pages(struct, pages);
        lh_kv.kv_heads(struct, kvHeads);
        lh_kv.head_dim(struct, headDim);
    }

    /** Positions per page, as the library was compiled. */
    public static int pagePositions() {
        return LonghandCpu.LH_PAGE_POSITIONS();
    }

    MemorySegment struct() {
        return struct;
    }
}
