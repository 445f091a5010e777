package dev.longhand.engine.lora;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.Goldens;
import dev.longhand.engine.TestDevices;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.status.LoadProgress;
import dev.longhand.engine.weights.Checkpoint;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.lora.LoraMatrix;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The content of a merged checkpoint, and the state that an interruption at any moment leaves. */
class MergedCheckpointTest {
    private static final String CHECKPOINT = "dim32-group8"; // three shards

    @TempDir private Path temporary;
    private Path base;
    private Path out;

    @BeforeEach
    void copyBase() throws IOException {
        TestDevices.require(Device.CPU);
        base = Files.createDirectory(temporary.resolve("base"));
        try (Stream<Path> files = Files.list(Goldens.checkpoint(CHECKPOINT))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.copy(file, base.resolve(file.getFileName()));
            }
        }
        Files.writeString(base.resolve("tokenizer.json"), "{}");
        Files.writeString(base.resolve("pytorch_model.bin"), "the base in another format");
        out = temporary.resolve("out");
    }

    private Path adapter(long seed) {
        return TestAdapter.allLinear(base, 8, seed).write(temporary.resolve("adapter" + seed));
    }

    private void merge(Path adapter, LoadProgress progress) {
        merge(base, adapter, out, progress);
    }

    static void merge(Path base, Path adapter, Path out, LoadProgress progress) {
        ModelConfig model = ModelConfig.read(base);
        try (Checkpoint checkpoint = Checkpoint.open(base);
                Adapter content = new AdapterReader(model).read(adapter, bytes -> {})) {
            new MergedCheckpoint(checkpoint, model, content, out, progress).write(2);
        }
    }

    private static Map<String, Integer> content(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.collect(
                    Collectors.toMap(
                            file -> file.getFileName().toString(),
                            MergedCheckpointTest::hash,
                            (a, b) -> a,
                            TreeMap::new));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int hash(Path file) {
        try {
            return Arrays.hashCode(Files.readAllBytes(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void everyWeightIsTheSumRoundedOnce() {
        Path adapter = adapter(1);
        merge(adapter, LoadProgress.SILENT);
        ModelConfig model = ModelConfig.read(base);
        try (Checkpoint before = Checkpoint.open(base);
                Checkpoint after = Checkpoint.open(out);
                Adapter content = new AdapterReader(model).read(adapter, bytes -> {})) {
            assertEquals(14, content.changes().size());
            for (Adapter.Change change : content.changes()) {
                String name = change.module().weight();
                HostTensor was = before.tensor(name, change.module().shape());
                HostTensor is = after.tensor(name, change.module().shape());
                assertRounded(name, was, change.matrix(), is);
            }
            assertEquals(before.bytes(), after.bytes());
        }
        Map<String, Integer> kept = content(base);
        kept.remove("pytorch_model.bin");
        Map<String, Integer> written = content(out);
        assertEquals(kept.keySet(), written.keySet());
        for (String name : kept.keySet()) {
            if (!name.endsWith(".safetensors")) {
                assertEquals(kept.get(name), written.get(name), name);
            }
        }
        assertFalse(Files.exists(temporary.resolve("out.partial")));
    }

    /**
     * Compares with the exact sum in double. The tolerance is half a unit of BF16 plus the error of
     * F32 sums of 8 terms.
     */
    private static void assertRounded(
            String name, HostTensor was, LoraMatrix change, HostTensor is) {
        assertEquals(DType.BF16, is.dtype());
        int changed = 0;
        for (int row = 0; row < change.outputs(); row++) {
            for (int column = 0; column < change.inputs(); column++) {
                long at = (long) row * change.inputs() + column;
                double sum = was.get(at);
                for (int j = 0; j < change.rank(); j++) {
                    sum +=
                            (double) change.scale()
                                    * change.b().get((long) row * change.rank() + j)
                                    * change.a().get((long) j * change.inputs() + column);
                }
                double allowed = Math.abs(sum) * 0x1.01p-8 + 1e-7;
                assertTrue(
                        Math.abs(is.get(at) - sum) <= allowed,
                        "%s[%d, %d] is %g, not %g".formatted(name, row, column, is.get(at), sum));
                changed += is.get(at) == was.get(at) ? 0 : 1;
            }
        }
        assertTrue(changed > change.outputs(), name + ": hardly changed");
    }

    /** Kills the process after {@code bytes} written bytes, so that Java cannot clean up. */
    @ParameterizedTest
    @ValueSource(longs = {1, 30_000, 70_000, 110_000, 154_000})
    void aKillLeavesWhatIsResumedAndNothingThatLoads(long bytes) throws Exception {
        Path adapter = adapter(1);
        merge(adapter, LoadProgress.SILENT);
        Map<String, Integer> undisturbed = content(out);
        deleteAll(out);
        assertEquals(EndedMerge.KILLED, fork(adapter, "kill", bytes), "it was to end half-way");
        assertFalse(Files.exists(out));
        Path partial = temporary.resolve("out.partial");
        assertTrue(Files.isDirectory(partial));
        assertThrows(InputException.class, () -> Checkpoint.open(partial).close());
        assertThrows(InputException.class, () -> ModelConfig.read(partial));
        merge(adapter, LoadProgress.SILENT);
        assertEquals(undisturbed, content(out));
        assertFalse(Files.exists(partial));
    }

    /** Runs a merge that ends early in a process of its own. */
    private int fork(Path adapter, String how, long bytes) throws Exception {
        return start(adapter, how, bytes).waitFor();
    }

    private Process start(Path adapter, String how, long bytes) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin/java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty(
                                "surefire.test.class.path", System.getProperty("java.class.path")),
                        EndedMerge.class.getName(),
                        base.toString(),
                        adapter.toString(),
                        out.toString(),
                        how,
                        String.valueOf(bytes))
                .redirectErrorStream(true)
                .redirectOutput(temporary.resolve("output").toFile())
                .start();
    }

    private Process startStopped(Path adapter, long bytes) throws Exception {
        Process process = start(adapter, "stop", bytes);
        Path stat = Path.of("/proc/" + process.pid() + "/stat");
        while (!Files.readString(stat).contains(") T ")) {
            assertTrue(process.isAlive(), () -> "it was to stop half-way");
            Thread.sleep(10);
        }
        return process;
    }

    /** A merge that is stopped half-way keeps another one away and ends right all the same. */
    @Test
    void twoMergesDoNotWriteTheSameFolder() throws Exception {
        Assumptions.assumeTrue(Files.exists(Path.of("/proc/self/stat")), "skipped: needs /proc");
        Path first = adapter(1);
        Path second = adapter(2);
        merge(first, LoadProgress.SILENT);
        Map<String, Integer> wanted = content(out);
        deleteAll(out);
        Process process = startStopped(first, 70_000);
        try {
            String message =
                    assertThrows(InputException.class, () -> merge(second, LoadProgress.SILENT))
                            .getMessage();
            assertTrue(message.startsWith(out + ": another run is writing it"), message);
            new ProcessBuilder("kill", "-CONT", "" + process.pid()).start().waitFor();
            assertEquals(0, process.waitFor(), () -> hint());
            assertEquals(wanted, content(out));
            deleteAll(out);
            process = startStopped(first, 70_000);
            process.destroyForcibly().waitFor();
            merge(first, LoadProgress.SILENT);
            assertEquals(wanted, content(out));
        } finally {
            process.destroyForcibly();
        }
    }

    private String hint() {
        try {
            return Files.readString(temporary.resolve("output"));
        } catch (IOException e) {
            return e.toString();
        }
    }

    /** A kill between the rename of the folder and the deletion of the state in it. */
    @Test
    void aKillAfterTheRenameIsCompletedByTheSameCall() throws IOException {
        Path adapter = adapter(1);
        merge(adapter, LoadProgress.SILENT);
        Map<String, Integer> wanted = content(out);
        deleteAll(out);
        assertThrows(
                IllegalStateException.class,
                () ->
                        merge(
                                adapter,
                                (done, total) -> {
                                    throw new IllegalStateException("stop here");
                                }));
        byte[] state = Files.readAllBytes(temporary.resolve("out.partial/merge.state"));
        merge(adapter, LoadProgress.SILENT);
        Files.write(out.resolve("merge.state"), state);
        assertThrows(InputException.class, () -> merge(adapter(2), LoadProgress.SILENT));
        merge(adapter, LoadProgress.SILENT);
        assertEquals(wanted, content(out));
        assertThrows(InputException.class, () -> merge(adapter, LoadProgress.SILENT));
    }

    /**
     * A merge that halts its own process, as a kill would, stops it, or makes the kernel refuse
     * further bytes.
     */
    public static final class EndedMerge {
        static final int KILLED = 77;
        static final int REFUSED = 78;
        private static boolean stopped;

        private EndedMerge() {}

        /** Runs the merge. Arguments: base, adapter, out, how, bytes. */
        public static void main(String[] arguments) {
            long bytes = Long.parseLong(arguments[4]);
            LoadProgress end =
                    switch (arguments[3]) {
                        case "kill" -> (done, total) -> killFrom(done, bytes);
                        case "stop" -> (done, total) -> stopFrom(done, bytes);
                        default -> (done, total) -> limitFiles(bytes);
                    };
            try {
                merge(Path.of(arguments[0]), Path.of(arguments[1]), Path.of(arguments[2]), end);
            } catch (UncheckedIOException e) {
                System.err.println(e.getMessage());
                Runtime.getRuntime().halt(REFUSED);
            }
        }

        private static void killFrom(long done, long bytes) {
            if (done >= bytes) {
                Runtime.getRuntime().halt(KILLED);
            }
        }

        private static void stopFrom(long done, long bytes) {
            if (done >= bytes && !stopped) {
                stopped = true;
                run("kill", "-STOP", "" + ProcessHandle.current().pid());
            }
        }

        /** Limits every file of this process to {@code bytes} bytes from now on. */
        private static void limitFiles(long bytes) {
            long self = ProcessHandle.current().pid();
            run("prlimit", "--pid", "" + self, "--fsize=" + bytes);
        }

        private static void run(String... command) {
            try {
                new ProcessBuilder(command).inheritIO().start().waitFor();
            } catch (IOException | InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    /** Makes the kernel refuse bytes in the middle of the first shard, as a full disk would. */
    @Test
    void aFullDiskSaysHowToGoOn() throws Exception {
        Assumptions.assumeTrue(
                Files.isExecutable(Path.of("/usr/bin/prlimit")), "skipped: needs prlimit");
        Path adapter = adapter(1);
        merge(adapter, LoadProgress.SILENT);
        Map<String, Integer> undisturbed = content(out);
        deleteAll(out);
        assertEquals(EndedMerge.REFUSED, fork(adapter, "limit", 50_000));
        String message = Files.readString(temporary.resolve("output"));
        assertTrue(message.contains("cannot be written (File too large)"), message);
        assertTrue(message.contains("the same command goes on from there"), message);
        assertEquals(1, message.lines().count(), message);
        assertFalse(Files.exists(out));
        merge(adapter, LoadProgress.SILENT);
        assertEquals(undisturbed, content(out));
    }

    @Test
    void anotherAdapterDoesNotGoOnWithTheShardsOfTheFirst() throws IOException {
        merge(adapter(2), LoadProgress.SILENT);
        Map<String, Integer> wanted = content(out);
        deleteAll(out);
        assertThrows(
                IllegalStateException.class,
                () ->
                        merge(
                                adapter(1),
                                (done, total) -> {
                                    if (done > 100_000) {
                                        throw new IllegalStateException("stop here");
                                    }
                                }));
        merge(adapter(2), LoadProgress.SILENT);
        assertEquals(wanted, content(out));
    }

    @Test
    void nothingIsOverwritten() throws IOException {
        Files.createDirectory(out);
        Files.writeString(out.resolve("precious"), "work of a year");
        assertThrows(InputException.class, () -> merge(adapter(1), LoadProgress.SILENT));
        assertEquals("work of a year", Files.readString(out.resolve("precious")));
        out = temporary.resolve("other");
        Files.createDirectory(temporary.resolve("other.partial"));
        Files.writeString(temporary.resolve("other.partial/precious"), "another");
        assertThrows(InputException.class, () -> merge(adapter(1), LoadProgress.SILENT));
        assertEquals("another", Files.readString(temporary.resolve("other.partial/precious")));
        out = Files.writeString(temporary.resolve("file"), "x");
        assertThrows(InputException.class, () -> merge(adapter(1), LoadProgress.SILENT));
    }

    private static void deleteAll(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }
}
