package dev.longhand.kernels.cpu;

import dev.longhand.bindings.cpu.CpuLibrary;
import dev.longhand.bindings.cpu.NativeMemory;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Native memory for the weights of a model, allocated piece by piece and freed all at once. Pieces
 * are packed one after another into large reservations, so that nearly all of them lie on huge
 * pages. With one reservation per matrix (0.5 to 2.5 MB at the 0.5B shape) only 38 % did, because a
 * huge page needs 2 MiB within one reservation. Reservations are multiples of 2 MiB, so Linux
 * aligns them to 2 MiB. If a piece does not fit into the rest of a reservation, that rest stays
 * unused. It costs address space only, since it is never touched.
 */
final class WeightMemory implements AutoCloseable {
    private static final long HUGE_PAGE_BYTES = 2L << 20;
    private static final long RESERVED_BYTES = 32 * HUGE_PAGE_BYTES;
    private static final long CACHE_LINE_BYTES = 64;

    private final CpuLibrary library;
    private final List<NativeMemory> reserved = new ArrayList<>();
    private MemorySegment rest = MemorySegment.NULL;

    WeightMemory(CpuLibrary library) {
        this.library = library;
    }

    /** Returns zeroed memory, aligned to a cache line. */
    MemorySegment take(long bytes) {
        long whole = roundUp(bytes, CACHE_LINE_BYTES);
        if (whole > rest.byteSize()) {
            NativeMemory more =
                    library.reserve(Math.max(RESERVED_BYTES, roundUp(whole, HUGE_PAGE_BYTES)));
            reserved.add(more);
            rest = more.segment();
        }
        MemorySegment taken = rest.asSlice(0, bytes);
        rest = rest.asSlice(whole);
        return taken;
    }

    private static long roundUp(long bytes, long unit) {
        return Math.ceilDiv(bytes, unit) * unit;
    }

    @Override
    public void close() {
        reserved.forEach(NativeMemory::close);
    }
}
