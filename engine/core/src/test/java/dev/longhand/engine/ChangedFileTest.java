package dev.longhand.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.error.FileChangedException;
import dev.longhand.engine.generation.GenerationEvent;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.SamplingOptions;
import dev.longhand.engine.weights.Checkpoint;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.tensor.DType;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Files of a model that change while a process of its own generates. A change in place ends every
 * generation with one error and never the process; another file under the same name changes
 * nothing.
 */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class ChangedFileTest {
    @TempDir private Path temporary;
    private Path model;

    @BeforeEach
    void copyModel() throws IOException {
        TestDevices.require(Device.CPU);
        model = Files.createDirectory(temporary.resolve("model"));
        try (Stream<Path> files = Files.list(Goldens.DEMO.resolve("checkpoint"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.copy(file, model.resolve(file.getFileName()));
            }
        }
    }

    private static EngineConfig config(Path model, String weights) {
        EngineConfig config = EngineConfig.of(model).withDevice(Device.CPU).withThreads(2);
        return weights.equals("cache")
                ? config.withWeights(DType.INT8).withWeightsCache(true)
                : config;
    }

    private static GenerationRequest request() {
        return GenerationRequest.ids(List.of(1, 2, 3))
                .withMaxTokens(2500)
                .withSampling(SamplingOptions.greedy())
                .ignoringEos();
    }

    /** Generates twice and prints what becomes of it. */
    public static final class Generating {
        private Generating() {}

        /** Arguments: the model folder, and {@code stored} or {@code cache}. */
        public static void main(String[] arguments) throws InterruptedException {
            try (Engine engine = Engine.open(config(Path.of(arguments[0]), arguments[1]))) {
                generate(engine, true);
                System.out.println("alive " + engine.load().alive());
                generate(engine, false);
            }
            System.out.println("closed");
        }

        private static void generate(Engine engine, boolean first) throws InterruptedException {
            Generation generation = engine.submit(request());
            int tokens = 0;
            for (GenerationEvent event = generation.next();
                    event != null;
                    event = generation.next()) {
                if (first && ++tokens == 20) {
                    System.out.println("begun");
                }
                if (event instanceof GenerationEvent.Finished finished) {
                    System.out.println("finished " + finished.usage().outputTokens());
                } else if (event instanceof GenerationEvent.Failed failed) {
                    System.out.println("failed " + failed.cause().getMessage());
                }
            }
        }
    }

    private Process start(String program, String... arguments) throws IOException {
        List<String> command =
                Stream.concat(
                                Stream.of(
                                        Path.of(System.getProperty("java.home"), "bin/java")
                                                .toString(),
                                        "--enable-native-access=ALL-UNNAMED",
                                        "-Xmx256m",
                                        "-cp",
                                        System.getProperty(
                                                "surefire.test.class.path",
                                                System.getProperty("java.class.path")),
                                        program),
                                Stream.of(arguments))
                        .toList();
        return new ProcessBuilder(command)
                .directory(temporary.toFile())
                .redirectErrorStream(true)
                .start();
    }

    private void change(Path file, String how) throws IOException {
        byte[] other = new byte[Math.toIntExact(Files.size(file))];
        switch (how) {
            case "truncated" -> {
                try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
                    open.setLength(5000);
                }
            }
            case "emptied" -> Files.write(file, new byte[0]);
            case "copied over" -> Files.write(file, other);
            case "written into" -> {
                try (FileChannel open = FileChannel.open(file, StandardOpenOption.WRITE)) {
                    open.write(ByteBuffer.wrap(other), 0);
                }
            }
            case "replaced" -> {
                Path next = Files.write(temporary.resolve("next"), other);
                Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
            }
            default -> Files.delete(file);
        }
    }

    private List<String> generate(String weights, Path file, String how) throws Exception {
        Process process = start(Generating.class.getName(), model.toString(), weights);
        try (BufferedReader said = process.inputReader()) {
            for (String line = said.readLine(); !"begun".equals(line); line = said.readLine()) {
                assertTrue(line != null, "it ended early");
            }
            change(file, how);
            List<String> rest = said.lines().toList();
            assertEquals(0, process.waitFor(), rest.toString());
            return rest;
        } finally {
            process.destroyForcibly();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "stored, truncated",
        "stored, emptied",
        "stored, copied over",
        "stored, written into",
        "cache, truncated",
        "cache, written into"
    })
    void aChangeInPlaceEndsEveryGenerationAndNotTheProcess(String weights, String how)
            throws Exception {
        String name = weights.equals("cache") ? "longhand-int8.weights" : "model.safetensors";
        String failed =
                "failed "
                        + name
                        + ": was changed while it was in use, so nothing is computed from it any"
                        + " more; open the model again, and replace files by renaming new ones";
        assertEquals(
                List.of(failed, "alive false", failed, "closed"),
                generate(weights, model.resolve(name), how));
    }

    @ParameterizedTest
    @ValueSource(strings = {"replaced", "deleted"})
    void anotherFileUnderTheNameChangesNothing(String how) throws Exception {
        assertEquals(
                List.of("finished 2500", "alive true", "finished 2500", "closed"),
                generate("stored", model.resolve("model.safetensors"), how));
    }

    /**
     * Reads a mapped file that nobody watches beyond its end, while the library's handler is in.
     */
    public static final class Foreign {
        private Foreign() {}

        /** Arguments: the model folder, and a file of its own. */
        public static void main(String[] arguments) throws IOException {
            Path own = Path.of(arguments[1]);
            try (Engine engine = Engine.open(config(Path.of(arguments[0]), "stored"));
                    Arena arena = Arena.ofShared();
                    FileChannel channel =
                            FileChannel.open(
                                    own, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                MemorySegment mapped =
                        channel.map(FileChannel.MapMode.READ_ONLY, 0, 1 << 20, arena);
                channel.truncate(0);
                System.out.println(engine.load().alive());
                System.out.println(mapped.get(ValueLayout.JAVA_BYTE, 4096));
            } catch (InternalError e) {
                System.out.println("InternalError");
            }
        }
    }

    @Test
    void faultsElsewhereStayTheMachinesOwn() throws Exception {
        Path own = Files.write(temporary.resolve("own"), new byte[1 << 20]);
        Process process = start(Foreign.class.getName(), model.toString(), own.toString());
        try (BufferedReader said = process.inputReader()) {
            assertEquals(List.of("true", "InternalError"), said.lines().toList());
            assertEquals(0, process.waitFor());
        }
    }

    @Test
    void aCheckpointSaysWhatItsReaderMustNotBelieve() throws IOException {
        Path file = model.resolve("model.safetensors");
        try (Checkpoint checkpoint = Checkpoint.open(model)) {
            checkpoint.requireUnchanged();
            change(file, "truncated");
            String name = checkpoint.names().stream().sorted().toList().getLast();
            MemorySegment lost = checkpoint.files().getFirst().slice(name);
            assertEquals(0, lost.get(ValueLayout.JAVA_BYTE, lost.byteSize() - 1));
            assertThrows(FileChangedException.class, checkpoint::requireUnchanged);
            assertTrue(checkpoint.files().getFirst().changed());
        }
    }
}
