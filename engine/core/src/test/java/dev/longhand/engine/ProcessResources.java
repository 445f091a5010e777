package dev.longhand.engine;

import static org.junit.jupiter.api.Assertions.assertFalse;

import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import javax.management.JMException;
import javax.management.ObjectName;

/**
 * The number of system resources that this process holds.
 *
 * @param files open file descriptors
 * @param mappings mappings of files below the watched folder
 * @param threads our own threads: the device thread and the C pool
 * @param temporary our own files and folders in the temporary folder
 */
public record ProcessResources(long files, long mappings, long threads, long temporary) {
    private static final Path SELF = Path.of("/proc/self");
    private static final Pattern OTHER = Pattern.compile("Other \\(reserved=(\\d+)");

    /** Counts the resources; skips the test on a system without {@code /proc}. */
    public static ProcessResources now(Path watched) {
        Assumptions.assumeTrue(Files.isDirectory(SELF), "skipped: needs /proc");
        return count(watched);
    }

    private static ProcessResources count(Path watched) {
        String folder = watched.toAbsolutePath().normalize().toString();
        Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
        try (Stream<Path> files = Files.list(SELF.resolve("fd"));
                Stream<String> maps = Files.lines(SELF.resolve("maps"));
                Stream<Path> tasks = Files.list(SELF.resolve("task"));
                Stream<Path> temporaries = Files.list(temporary)) {
            return new ProcessResources(
                    files.count(),
                    maps.filter(line -> line.contains(folder)).count(),
                    tasks.filter(task -> name(task).startsWith("longhand")).count(),
                    temporaries
                            .filter(path -> path.getFileName().toString().startsWith("longhand-"))
                            .count());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String name(Path task) {
        try {
            return Files.readString(task.resolve("comm"));
        } catch (IOException e) {
            return ""; // the thread has just ended
        }
    }

    /**
     * Returns the exact bytes of native memory allocated by Java code, as the JVM tracks them; the
     * tests run with {@code -XX:NativeMemoryTracking=summary}.
     */
    public static long nativeBytes() {
        try {
            String accounts =
                    (String)
                            ManagementFactory.getPlatformMBeanServer()
                                    .invoke(
                                            new ObjectName(
                                                    "com.sun.management:type=DiagnosticCommand"),
                                            "vmNativeMemory",
                                            new Object[] {new String[] {"summary", "scale=B"}},
                                            new String[] {String[].class.getName()});
            Matcher other = OTHER.matcher(accounts);
            Assertions.assertTrue(other.find(), accounts);
            return Long.parseLong(other.group(1));
        } catch (JMException e) {
            throw new AssertionError(e);
        }
    }

    /**
     * Fails if the process now holds more than this, except for two additional files, which the JVM
     * itself may open. Waits up to ten seconds, because the kernel wakes the joiner of a thread
     * shortly before it removes the thread from the process's list; a real leak outlasts the wait.
     */
    public void assertNothingMoreNow(Path watched) throws InterruptedException {
        ProcessResources now = count(watched);
        for (int i = 0; i < 1000 && now.exceeds(this); i++) {
            Thread.sleep(10);
            now = count(watched);
        }
        assertFalse(now.exceeds(this), "before " + this + ", now " + now);
    }

    private boolean exceeds(ProcessResources before) {
        return files > before.files + 2
                || mappings > before.mappings
                || threads > before.threads
                || temporary > before.temporary;
    }
}
