package dev.longhand.engine.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.error.InputException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A lock between processes, as long as its holder lives, and not longer. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class LockFileTest {
    @TempDir private Path folder;

    /** A process that locks an output, says so, and holds the lock until its input ends. */
    public static final class Holder {
        private Holder() {}

        /** Locks the output {@code arguments[0]}; exits with 2 if it is refused. */
        public static void main(String[] arguments) throws IOException {
            try (LockFile _ = LockFile.of(Path.of(arguments[0]))) {
                System.out.write("locked".getBytes(StandardCharsets.UTF_8));
                System.out.flush();
                System.in.read();
            } catch (InputException e) {
                System.out.print(e.getMessage());
                System.exit(2);
            }
        }
    }

    private static Process holder(Path output) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin/java").toString(),
                        "-cp",
                        System.getProperty(
                                "surefire.test.class.path", System.getProperty("java.class.path")),
                        Holder.class.getName(),
                        output.toString())
                .redirectErrorStream(true)
                .start();
    }

    private static void awaitLocked(Process holder) throws IOException {
        assertEquals("locked", new String(holder.getInputStream().readNBytes(6)));
    }

    private static void signal(String name, Process process) throws Exception {
        assertEquals(0, new ProcessBuilder("kill", name, "" + process.pid()).start().waitFor());
    }

    private static void assertRefused(Path output) {
        String message =
                assertThrows(InputException.class, () -> LockFile.of(output).close()).getMessage();
        assertEquals(
                output + ": another run is writing it; wait for its end, or choose another output",
                message);
    }

    @Test
    void aHolderThatSleepsOrIsStoppedHoldsAndADeadOneDoesNot() throws Exception {
        Path output = folder.resolve("out");
        Process holder = holder(output);
        try {
            awaitLocked(holder);
            assertRefused(output);
            signal("-STOP", holder);
            assertRefused(output);
            signal("-CONT", holder);
            assertRefused(output);
            holder.destroyForcibly().waitFor(); // SIGKILL
            LockFile.of(output).close();
        } finally {
            holder.destroyForcibly();
        }
    }

    /** POSIX would drop the lock if this process opened and closed the lock file once more. */
    @Test
    @SuppressWarnings("try") // closes a lock twice
    void aRefusedAttemptOfTheHolderDropsNothing() throws Exception {
        Path output = Files.writeString(folder.resolve("out"), "content");
        Path link = Files.createSymbolicLink(folder.resolve("link"), output);
        try (LockFile lock = LockFile.of(output)) {
            assertRefused(output);
            assertRefused(folder.resolve("sub/../out"));
            assertRefused(link);
            Files.readString(output);
            Process other = holder(output);
            String said = new String(other.getInputStream().readAllBytes());
            assertEquals(2, other.waitFor(), said);
            assertTrue(said.contains("another run is writing it"), said);
            lock.close();
            LockFile.of(link).close(); // before the second close of the first, which does nothing
        }
        Process other = holder(output);
        awaitLocked(other);
        other.getOutputStream().close();
        assertEquals(0, other.waitFor());
    }

    @Test
    void aMissingFolderIsSaid() {
        Path output = folder.resolve("missing/out");
        String message =
                assertThrows(InputException.class, () -> LockFile.of(output).close()).getMessage();
        assertEquals(output + ": the folder does not exist", message);
    }
}
