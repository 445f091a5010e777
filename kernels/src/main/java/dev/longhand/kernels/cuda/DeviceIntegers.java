package dev.longhand.kernels.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Integers that the next kernel on the stream reads. */
final class DeviceIntegers {
    private final DeviceMemory memory;
    private final ScratchMemory scratch;

    DeviceIntegers(DeviceMemory memory) {
        this.memory = memory;
        scratch = new ScratchMemory(memory);
    }

    /** Uploads arrays side by side; returns the address of the first. */
    long upload(int[]... arrays) {
        int count = 0;
        for (int[] array : arrays) {
            count += array.length;
        }
        long bytes = (long) count * Integer.BYTES;
        long to = scratch.bytes(bytes);
        try (Arena local = Arena.ofConfined()) {
            MemorySegment all = local.allocate(bytes, Integer.BYTES);
            long at = 0;
            for (int[] array : arrays) {
                MemorySegment.copy(array, 0, all, ValueLayout.JAVA_INT, at, array.length);
                at += (long) array.length * Integer.BYTES;
            }
            memory.upload(to, all);
        }
        return to;
    }
}
