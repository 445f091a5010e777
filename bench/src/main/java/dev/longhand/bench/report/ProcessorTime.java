package dev.longhand.bench.report;

import com.sun.management.OperatingSystemMXBean;

import java.lang.management.ManagementFactory;

/** The processor time of this process, which neighbours disturb less than the clock. */
public final class ProcessorTime {
    private static final OperatingSystemMXBean SYSTEM =
            ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

    private ProcessorTime() {}

    /** Returns the time of all threads so far, in nanoseconds. */
    public static long nanos() {
        return SYSTEM.getProcessCpuTime();
    }
}
