package dev.longhand.bench.report;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * The machine and the sources that results come from.
 *
 * @param time when the measurements began
 * @param commit the commit of the sources
 * @param cpu the model name of the CPU
 * @param processors the number of processors that the JVM may use
 * @param memoryBytes the memory of the machine in bytes
 * @param java the version of the JVM
 */
public record Provenance(
        Instant time, String commit, String cpu, int processors, long memoryBytes, String java) {
    /** Names the commit where there is no git, as in an unpacked archive. */
    private static final String COMMIT_PROPERTY = "longhand.commit";

    private static final String UNKNOWN = "unknown";

    /**
     * Describes this machine at the present time.
     *
     * @param commit the commit of the sources; if empty, git is asked in the working directory
     */
    public static Provenance here(String commit) {
        return new Provenance(
                Instant.now().truncatedTo(ChronoUnit.SECONDS),
                commit.isEmpty() ? gitCommit() : commit,
                cpuName(),
                Runtime.getRuntime().availableProcessors(),
                totalMemoryBytes(),
                Runtime.version().toString());
    }

    private static String gitCommit() {
        String known = System.getProperty(COMMIT_PROPERTY);
        if (known != null) {
            return known;
        }
        try {
            Process git =
                    new ProcessBuilder("git", "describe", "--always", "--dirty", "--abbrev=12")
                            .redirectError(ProcessBuilder.Redirect.DISCARD)
                            .start();
            String text =
                    new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            return git.waitFor() == 0 && !text.isEmpty() ? text : UNKNOWN;
        } catch (IOException e) {
            return UNKNOWN; // no git here
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return UNKNOWN;
        }
    }

    private static String cpuName() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse(System.getProperty("os.arch"));
        } catch (IOException e) {
            return System.getProperty("os.arch"); // not Linux
        }
    }

    private static long totalMemoryBytes() {
        return ManagementFactory.getOperatingSystemMXBean()
                        instanceof com.sun.management.OperatingSystemMXBean system
                ? system.getTotalMemorySize()
                : 0;
    }

    /** Formats all fields as one line. */
    public String text() {
        return String.format(
                Locale.ROOT,
                "%s, commit %s, %s, %d processors, %.1f GiB, Java %s",
                time,
                commit,
                cpu,
                processors,
                memoryBytes / 0x1p30,
                java);
    }
}
