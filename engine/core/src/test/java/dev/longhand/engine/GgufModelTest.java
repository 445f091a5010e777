package dev.longhand.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.SamplingOptions;
import dev.longhand.engine.gguf.GgufModel;
import dev.longhand.engine.gguf.GgufTensor;
import dev.longhand.engine.lora.AdapterReader;
import dev.longhand.engine.lora.MergedCheckpoint;
import dev.longhand.engine.lora.TestAdapter;
import dev.longhand.engine.status.LoadProgress;
import dev.longhand.engine.weights.Checkpoint;
import dev.longhand.engine.weights.EditedCheckpoint;
import dev.longhand.engine.weights.PackedBlocks;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.Prefill;
import dev.longhand.kernels.tensor.HostTensor;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Whole models in GGUF, found in their folders: {@code dense} in two parts, {@code mixed}. */
class GgufModelTest {
    private static final Path FOLDER = Goldens.FOLDER.resolve("gguf");
    private static final Path MIXED = FOLDER.resolve("mixed");

    @TempDir private Path temporary;

    @ParameterizedTest
    @ValueSource(strings = {"mixed", "dense", "llama", "qwen3", "gemma2"})
    void generatesAsTransformersOnCpu(String name) throws InterruptedException {
        check(name, Device.CPU, name.equals("dense") ? 2e-4 : 2e-3);
    }

    @ParameterizedTest
    @ValueSource(strings = {"mixed", "dense", "llama", "qwen3", "gemma2"})
    void generatesAsTransformersOnReference(String name) throws InterruptedException {
        check(name, Device.REFERENCE, 1e-4);
    }

    private static void check(String name, Device device, double tolerance)
            throws InterruptedException {
        GoldenTest.Subject subject = new GoldenTest.Subject(FOLDER.resolve(name), false, false);
        GoldenTest.check(subject, device, Prefill.OWN, tolerance);
    }

    /** The same weights in F32 give the same bits where activations are not rounded. */
    @Test
    void equalsTheSameWeightsAsSafetensors() {
        Path mixed = safetensors(MIXED);
        assertEquals(
                complete(mixed, Device.REFERENCE, null), complete(MIXED, Device.REFERENCE, null));
        Path adapter = TestAdapter.allLinear(MIXED, 2, 3).write(temporary.resolve("adapter"));
        assertEquals(
                complete(mixed, Device.REFERENCE, adapter),
                complete(MIXED, Device.REFERENCE, adapter));
        Path dense = FOLDER.resolve("dense");
        assertEquals(
                complete(safetensors(dense), Device.CPU, null), complete(dense, Device.CPU, null));
        for (String family : new String[] {"llama", "qwen3", "gemma2"}) {
            Path model = FOLDER.resolve(family);
            assertEquals(
                    complete(safetensors(model), Device.REFERENCE, null),
                    complete(model, Device.REFERENCE, null));
        }
    }

    /** Writes a model's folder with the values that a GGUF model has. */
    private Path safetensors(Path folder) {
        Path file = GgufModel.file(folder).orElseThrow();
        EditedCheckpoint edited =
                EditedCheckpoint.of(Goldens.checkpoint("dim64-group5"))
                        .config(_ -> GgufModel.config(file).json());
        try (Arena arena = Arena.ofShared();
                Checkpoint checkpoint = Checkpoint.open(folder)) {
            Map<String, GgufTensor> tensors = GgufModel.open(file, arena).tensors();
            tensors.forEach(
                    (name, tensor) -> {
                        HostTensor values =
                                PackedBlocks.of(checkpoint, name, tensor.shape())
                                        .map(blocks -> unpacked(blocks, tensor, arena))
                                        .orElseGet(() -> checkpoint.tensor(name, tensor.shape()));
                        edited.put(name, values.dtype(), values.shape(), values.data());
                    });
        }
        return edited.write(temporary.resolve(folder.getFileName()));
    }

    private static HostTensor unpacked(PackedBlocks blocks, GgufTensor tensor, Arena arena) {
        HostTensor packed = HostTensor.allocate(arena, blocks.dtype(), tensor.shape());
        blocks.writeTo(packed);
        return packed.toF32(arena);
    }

    private static Completion complete(Path model, Device device, @Nullable Path adapter) {
        EngineConfig config = EngineConfig.of(model).withDevice(device).withContextTokensMax(64);
        return complete(adapter == null ? config : config.withAdapter("it", adapter), adapter);
    }

    private static Completion complete(EngineConfig config, @Nullable Path adapter) {
        try (Engine engine = Engine.open(config)) {
            return Completion.of(
                    engine,
                    GenerationRequest.ids(List.of(5, 6, 7))
                            .withMaxTokens(8)
                            .withSampling(SamplingOptions.greedy().withLogprobs(2))
                            .withAdapter(adapter == null ? null : "it")
                            .ignoringEos());
        }
    }

    /** Repacked weights are kept beside the file and taken from there the next time. */
    @Test
    void weightsAreKeptBesideTheFile() throws IOException {
        Path file = temporary.resolve("m.gguf");
        Files.copy(MIXED.resolve("model.gguf"), file);
        EngineConfig config = EngineConfig.of(file).withDevice(Device.CPU).withContextTokensMax(64);
        Completion expected = complete(config, null);
        for (int run = 0; run < 2; run++) {
            assertEquals(expected, complete(config.withWeightsCache(true), null));
            try (Stream<Path> files = Files.list(temporary)) {
                assertEquals(
                        List.of("m.gguf", "m.gguf.longhand-stored.weights"),
                        files.map(each -> each.getFileName().toString())
                                .filter(name -> !name.endsWith(".lock"))
                                .sorted()
                                .toList());
            }
        }
    }

    @Test
    void severalModelsAreNamed() throws IOException {
        for (String name : new String[] {"b.gguf", "a.gguf"}) {
            Files.copy(MIXED.resolve("model.gguf"), temporary.resolve(name));
        }
        String message =
                assertThrows(InputException.class, () -> ModelConfig.read(temporary)).getMessage();
        assertTrue(message.contains("holds 2 GGUF models; name the file of one"), message);
        assertTrue(message.endsWith("a.gguf"), message);
    }

    @Test
    void everyPartIsNeededAndAnyPartMayBeNamed() throws IOException {
        Path second = FOLDER.resolve("dense/model-00002-of-00002.gguf");
        assertEquals(
                ModelConfig.read(FOLDER.resolve("dense")).layers(),
                ModelConfig.read(second).layers());
        Path first = temporary.resolve("model-00001-of-00002.gguf");
        Files.copy(FOLDER.resolve("dense").resolve(first.getFileName()), first);
        String message =
                assertThrows(InputException.class, () -> ModelConfig.read(first)).getMessage();
        assertTrue(message.endsWith("00002-of-00002.gguf: the file does not exist"), message);
        Files.copy(first, temporary.resolve(second.getFileName()));
        message = assertThrows(InputException.class, () -> ModelConfig.read(first)).getMessage();
        assertTrue(message.contains("split.no is not that of part 2 of 2"), message);
    }

    @Test
    void adaptersAreNotMergedIntoIt() {
        Path dense = FOLDER.resolve("dense");
        ModelConfig config = ModelConfig.read(dense);
        Path adapter = TestAdapter.allLinear(dense, 2, 3).write(temporary.resolve("adapter"));
        try (Checkpoint base = Checkpoint.open(dense);
                var read = new AdapterReader(config).read(adapter, bytes -> {})) {
            Path out = temporary.resolve("out");
            String message =
                    assertThrows(
                                    InputException.class,
                                    () ->
                                            new MergedCheckpoint(
                                                    base, config, read, out, LoadProgress.SILENT))
                            .getMessage();
            assertTrue(message.contains("is a GGUF file; safetensors are needed"), message);
        }
    }
}
