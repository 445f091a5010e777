package dev.longhand.engine.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.Completion;
import dev.longhand.engine.Engine;
import dev.longhand.engine.EngineConfig;
import dev.longhand.engine.Goldens;
import dev.longhand.engine.TestDevices;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.LockFile;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.SamplingOptions;
import dev.longhand.engine.model.LinearWeights;
import dev.longhand.engine.status.LoadProgress;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.tensor.DType;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;

/** A cache of quantised weights beside the checkpoint changes nothing but the time to open. */
class WeightCacheTest {
    private static final String DENSE = "dim64-group7-tied";

    @TempDir private Path temporary;
    private final Notes notes = new Notes();

    /** Records the progress notes of an opening. */
    private static final class Notes implements LoadProgress {
        private final List<String> lines = new ArrayList<>();

        @Override
        public void loaded(long bytesDone, long bytesTotal) {
            assertTrue(bytesDone <= bytesTotal, bytesDone + " of " + bytesTotal);
        }

        @Override
        public void noted(String line) {
            lines.add(line);
        }
    }

    @BeforeEach
    void cpu() {
        TestDevices.require(Device.CPU);
    }

    private Path copy(Path checkpoint) {
        return EditedCheckpoint.of(checkpoint).write(temporary.resolve("model"));
    }

    private static EngineConfig config(Path model, @Nullable DType weights, LoadProgress progress) {
        return EngineConfig.of(model)
                .withDevice(Device.CPU)
                .withThreads(2)
                .withContextTokensMax(64)
                .withWeights(weights)
                .withWeightsCache(true)
                .withProgress(progress);
    }

    private static Completion complete(EngineConfig config) {
        try (Engine engine = Engine.open(config)) {
            return Completion.of(
                    engine,
                    GenerationRequest.ids(List.of(1, 2, 3))
                            .withMaxTokens(12)
                            .withSampling(SamplingOptions.greedy().withLogprobs(5))
                            .ignoringEos());
        }
    }

    private List<String> cacheFiles(Path model) throws IOException {
        try (Stream<Path> files = Files.list(model)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(WeightCache.ENDING))
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @CsvSource({
        DENSE + ", INT8, longhand-int8.weights",
        DENSE + ", INT4, longhand-int4.weights",
        "quantized/gptq-int4, , longhand-stored.weights",
        "quantized/awq, INT8, longhand-int8.weights"
    })
    void bitsAreThoseWithout(String name, @Nullable DType weights, String file) throws Exception {
        Path model = copy(Goldens.checkpoint(name));
        EngineConfig without =
                EngineConfig.of(model)
                        .withDevice(Device.CPU)
                        .withThreads(2)
                        .withContextTokensMax(64)
                        .withWeights(weights);
        Completion expected = complete(without);
        assertEquals(List.of(), cacheFiles(model));
        assertEquals(expected, complete(config(model, weights, notes)));
        assertEquals(List.of(file), cacheFiles(model));
        assertEquals(1, notes.lines.size(), notes.lines.toString());
        FileTime made = Files.getLastModifiedTime(model.resolve(file));
        assertEquals(expected, complete(config(model, weights, notes)));
        assertEquals(1, notes.lines.size(), notes.lines.toString());
        assertEquals(made, Files.getLastModifiedTime(model.resolve(file)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "weights",
                "weights at the same time",
                "time",
                "config",
                "truncated",
                "empty",
                "foreign",
                "flipped byte",
                "flipped last byte",
                "hole"
            })
    void whatIsNotMadeFromTheseWeightsIsMadeAnew(String change) throws Exception {
        Path model = copy(Goldens.checkpoint(DENSE));
        Path cache = model.resolve("longhand-int8.weights");
        Completion before = complete(config(model, DType.INT8, notes));
        byte[] made = Files.readAllBytes(cache);
        Path weights = model.resolve("model.safetensors");
        Completion expected = before;
        switch (change) {
            case "weights", "weights at the same time" -> {
                FileTime time = Files.getLastModifiedTime(weights);
                EditedCheckpoint.of(Goldens.checkpoint(DENSE))
                        .set("model.norm.weight", 0, 0x4100)
                        .set("model.layers.0.mlp.down_proj.weight", 5, 0x4100)
                        .write(model);
                boolean same = change.endsWith("same time");
                Files.setLastModifiedTime(
                        weights, same ? time : FileTime.from(Instant.now().plusSeconds(5)));
                expected =
                        complete(
                                EngineConfig.of(model)
                                        .withDevice(Device.CPU)
                                        .withContextTokensMax(64)
                                        .withWeights(DType.INT8));
            }
            case "time" ->
                    Files.setLastModifiedTime(weights, FileTime.from(Instant.now().plusSeconds(5)));
            case "config" ->
                    Files.writeString(
                            model.resolve("config.json"),
                            Files.readString(model.resolve("config.json")) + " ");
            case "truncated" -> Files.write(cache, Arrays.copyOf(made, made.length / 2));
            case "empty" -> Files.write(cache, new byte[0]);
            case "flipped byte" -> damage(cache, made.length / 2, made.length / 2 + 1);
            case "flipped last byte" -> damage(cache, made.length - 1, made.length);
            case "hole" -> damage(cache, made.length - 4096, made.length);
            default -> Files.copy(weights, cache, StandardCopyOption.REPLACE_EXISTING);
        }
        notes.lines.clear();
        assertEquals(expected, complete(config(model, DType.INT8, notes)));
        assertEquals(2, notes.lines.size(), notes.lines.toString());
        assertTrue(notes.lines.getFirst().contains("it is made anew"), notes.lines.toString());
        assertEquals(List.of("longhand-int8.weights"), cacheFiles(model));
        notes.lines.clear();
        assertEquals(expected, complete(config(model, DType.INT8, notes)));
        assertEquals(List.of(), notes.lines);
    }

    private static void damage(Path file, int begin, int end) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        for (int i = begin; i < end; i++) {
            bytes[i] ^= 0x10;
        }
        Files.write(file, bytes);
    }

    @Test
    void damageIsNamed() throws Exception {
        Path model = copy(Goldens.checkpoint(DENSE));
        Path cache = model.resolve("longhand-int8.weights");
        Completion expected = complete(config(model, DType.INT8, notes));
        int last = Math.toIntExact(Files.size(cache)) - 1;
        damage(cache, last, last + 1);
        notes.lines.clear();
        assertEquals(expected, complete(config(model, DType.INT8, notes)));
        String line = notes.lines.getFirst();
        assertTrue(line.startsWith(cache + ": \"model."), line);
        assertTrue(
                line.endsWith("is damaged (its checksum does not match); it is made anew"), line);
    }

    @Test
    void whileAnotherRunWritesTheWeightsStayInMemory() throws Exception {
        Path model = copy(Goldens.checkpoint(DENSE));
        Path cache = model.resolve("longhand-int8.weights");
        Completion expected;
        try (LockFile _ = LockFile.of(cache)) {
            expected = complete(config(model, DType.INT8, notes));
        }
        assertEquals(
                List.of(
                        "another run is writing "
                                + cache
                                + ": this one keeps its quantised weights in memory"),
                notes.lines);
        assertEquals(List.of(), cacheFiles(model));
        assertEquals(expected, complete(config(model, DType.INT8, notes)));
        assertEquals(List.of("longhand-int8.weights"), cacheFiles(model));
    }

    /** A kill during writing leaves a partial file that is never read and that is removed later. */
    @Test
    void aKillLeavesNothingHarmful() throws Exception {
        Path model = copy(Goldens.checkpoint(DENSE));
        Process process =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                                "--enable-native-access=ALL-UNNAMED",
                                "-cp",
                                System.getProperty(
                                        "surefire.test.class.path",
                                        System.getProperty("java.class.path")),
                                Killed.class.getName(),
                                model.toString())
                        .redirectErrorStream(true)
                        .redirectOutput(temporary.resolve("output").toFile())
                        .start();
        assertEquals(
                Killed.STATUS,
                process.waitFor(),
                () -> "it was to end half-way: " + read(temporary.resolve("output")));
        List<String> left = cacheFiles(model);
        assertEquals(1, left.size(), left.toString());
        assertTrue(left.getFirst().endsWith(".partial.weights"), left.toString());
        Completion expected = complete(config(model, DType.INT8, notes));
        assertEquals(List.of("longhand-int8.weights", left.getFirst()), cacheFiles(model));
        Files.setLastModifiedTime(
                model.resolve(left.getFirst()),
                FileTime.from(Instant.now().minus(Duration.ofMinutes(5))));
        Files.delete(model.resolve("longhand-int8.weights"));
        assertEquals(expected, complete(config(model, DType.INT8, notes)));
        assertEquals(List.of("longhand-int8.weights"), cacheFiles(model));
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }

    /** A program that halts its own process half-way through, as a kill would. */
    public static final class Killed {
        static final int STATUS = 77;

        private Killed() {}

        /** Opens the model in the folder {@code arguments[0]}. */
        public static void main(String[] arguments) {
            LoadProgress kill =
                    (done, total) -> {
                        if (done >= total / 2) {
                            Runtime.getRuntime().halt(STATUS);
                        }
                    };
            Engine.open(config(Path.of(arguments[0]), DType.INT8, kill)).close();
        }
    }

    @Test
    void twoAtOnceBothGetTheirs() throws Exception {
        Path model = copy(Goldens.checkpoint(DENSE));
        List<Completion> found = Collections.synchronizedList(new ArrayList<>());
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            threads.add(
                    Thread.startVirtualThread(
                            () ->
                                    found.add(
                                            complete(
                                                    config(
                                                            model,
                                                            DType.INT4,
                                                            LoadProgress.SILENT)))));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertEquals(4, found.size());
        assertEquals(1, found.stream().distinct().count());
        assertEquals(List.of("longhand-int4.weights"), cacheFiles(model));
    }

    @Test
    void whatCannotBeWrittenIsOneClearError() throws Exception {
        Path model = copy(Goldens.checkpoint(DENSE));
        Path taken = model.resolve("longhand-int8.weights");
        Files.createDirectories(taken.resolve("a folder"));
        String message = refusal(config(model, DType.INT8, notes));
        assertTrue(message.startsWith(taken + ": quantised weights cannot be kept"), message);
        assertEquals(List.of("longhand-int8.weights"), cacheFiles(model));
        assertTrue(Files.isDirectory(taken.resolve("a folder")));
        assertTrue(
                refusal(config(model, null, notes)).startsWith("a cache is for quantised weights"));
    }

    @Test
    void aFormatWithoutAKernelOnTheHostHasNoCache() throws Exception {
        Path model = copy(Goldens.checkpoint(DENSE));
        try (Checkpoint checkpoint = Checkpoint.open(model);
                LinearWeights weights =
                        new LinearWeights(checkpoint, ModelConfig.read(model), DType.FP8)) {
            InputException refused =
                    assertThrows(InputException.class, () -> weights.cache(1, notes));
            assertEquals("a cache is for int8 and int4 weights, not for fp8", refused.getMessage());
        }
        assertEquals(List.of(), cacheFiles(model));
    }

    @Test
    void aReadOnlyFolderIsSaid() throws Exception {
        Path model = copy(Goldens.checkpoint(DENSE));
        assertTrue(model.toFile().setWritable(false));
        Assumptions.assumeFalse(Files.isWritable(model), "skipped: root may write anywhere");
        String message = refusal(config(model, DType.INT8, notes));
        assertTrue(message.contains("cannot be kept there (AccessDenied"), message);
        assertFalse(Files.exists(model.resolve("longhand-int8.weights")));
    }

    private static String refusal(EngineConfig config) {
        return assertThrows(InputException.class, () -> Engine.open(config).close()).getMessage();
    }
}
