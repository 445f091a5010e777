package dev.longhand.bindings.cpu;

import dev.longhand.bindings.cpu.generated.LonghandCpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A watch on a file that is mapped as a whole. If the file shrinks, its mapping becomes zeros,
 * where otherwise a read would end the process with SIGBUS. The watch ends with the mapping.
 */
public final class FileWatch {
    private final MemorySegment watch;

    private FileWatch(MemorySegment watch) {
        this.watch = watch;
    }

    /** Watches a file; empty if the system refuses. */
    static Optional<FileWatch> of(Path file, MemorySegment mapping, Arena arena) {
        try (Arena call = Arena.ofConfined()) {
            MemorySegment out = call.allocate(ValueLayout.ADDRESS);
            int status =
                    LonghandCpu.lh_watch_begin(
                            call.allocateFrom(file.toString()), mapping, mapping.byteSize(), out);
            if (status == LonghandCpu.LH_NOT_WATCHED()) {
                return Optional.empty();
            }
            CpuKernelException.check("watching " + file, status);
            MemorySegment watch = out.get(ValueLayout.ADDRESS, 0);
            watch.reinterpret(arena, LonghandCpu::lh_watch_end);
            return Optional.of(new FileWatch(watch));
        }
    }

    /**
     * Returns whether the size or the modification time of the file has changed since the watch
     * began; once true, it stays true. Any thread may call it, also after the end of the watch.
     * Allocates nothing.
     */
    public boolean changed() {
        return LonghandCpu.lh_watch_check(watch) == LonghandCpu.LH_FILE_CHANGED();
    }
}
