package dev.longhand.engine.memory;

import com.sun.management.OperatingSystemMXBean;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/** The available memory of this machine. */
public final class HostMemory {
    private static final Path MEMINFO = Path.of("/proc/meminfo");
    private static final String AVAILABLE = "MemAvailable:";
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final String PEAK = "VmHWM:";
    private static final String RESIDENT = "VmRSS:";

    private HostMemory() {}

    /**
     * Returns the bytes that can be used without displacing other data, within a container's limit.
     * This is Linux's own estimate, which counts clean page cache, such as mapped weights, as
     * available; other systems report the limit.
     */
    public static long availableBytes() {
        OperatingSystemMXBean system =
                ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        long limit = system.getTotalMemorySize();
        return Math.min(limit, bytes(MEMINFO, AVAILABLE, limit));
    }

    /**
     * Returns the peak of this process's resident memory in bytes, mapped files included; 0 where
     * the system does not report it.
     */
    public static long peakResidentBytes() {
        return bytes(STATUS, PEAK, 0);
    }

    /** Returns the resident memory of this process in bytes, likewise. */
    public static long residentBytes() {
        return bytes(STATUS, RESIDENT, 0);
    }

    /** Reads a number of kibibytes from a file of Linux. */
    private static long bytes(Path file, String key, long absent) {
        try (var lines = Files.lines(file)) {
            return lines.filter(line -> line.startsWith(key))
                    .map(line -> line.substring(key.length()).replace("kB", "").strip())
                    .mapToLong(kibibytes -> Long.parseLong(kibibytes) << 10)
                    .findFirst()
                    .orElse(absent);
        } catch (IOException e) {
            return absent; // not Linux
        }
    }
}
