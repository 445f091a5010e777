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
        try (var lines = Files.lines(MEMINFO)) {
            return lines.filter(line -> line.startsWith(AVAILABLE))
                    .map(line -> line.substring(AVAILABLE.length()).replace("kB", "").strip())
                    .mapToLong(kibibytes -> Math.min(limit, Long.parseLong(kibibytes) << 10))
                    .findFirst()
                    .orElse(limit);
        } catch (IOException e) {
            return limit; // not Linux
        }
    }
}
