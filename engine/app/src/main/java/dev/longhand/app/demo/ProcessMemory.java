package dev.longhand.app.demo;

import dev.longhand.engine.memory.HostMemory;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryType;

/** The peak memory of this process. */
final class ProcessMemory {
    private ProcessMemory() {}

    /** The peak resident set, including mapped files; 0 where the system does not report it. */
    static long peakResidentMebibytes() {
        return HostMemory.peakResidentBytes() >> 20;
    }

    /** The sum of the peaks of the heap's pools, an upper bound on the heap's own peak. */
    static long peakHeapMebibytes() {
        return ManagementFactory.getMemoryPoolMXBeans().stream()
                        .filter(pool -> pool.getType() == MemoryType.HEAP)
                        .mapToLong(pool -> pool.getPeakUsage().getUsed())
                        .sum()
                >> 20;
    }
}
