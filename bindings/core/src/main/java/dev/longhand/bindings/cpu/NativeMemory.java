package dev.longhand.bindings.cpu;

import dev.longhand.bindings.cpu.generated.LonghandCpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Zeroed native memory that the system commits page by page as it is first touched, so that a KV
 * pool for a full context costs only what sequences have used. Use after close throws.
 */
public final class NativeMemory implements AutoCloseable {
    private final Arena arena = Arena.ofShared();
    private final MemorySegment segment;

    NativeMemory(long bytes) {
        try (Arena call = Arena.ofConfined()) {
            MemorySegment out = call.allocate(ValueLayout.ADDRESS);
            CpuKernelException.check(
                    "reserving " + bytes + " bytes", LonghandCpu.lh_memory_reserve(bytes, out));
            segment =
                    out.get(ValueLayout.ADDRESS, 0)
                            .reinterpret(
                                    bytes,
                                    arena,
                                    memory -> LonghandCpu.lh_memory_release(memory, bytes));
        }
    }

    /** The memory. */
    public MemorySegment segment() {
        return segment;
    }

    /** Frees the memory; idempotent. */
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
