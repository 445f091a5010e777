package dev.longhand.training.output;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.Completion;
import dev.longhand.engine.Engine;
import dev.longhand.engine.EngineConfig;
import dev.longhand.engine.Goldens;
import dev.longhand.engine.architecture.LinearModule;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.Prompt;
import dev.longhand.engine.weights.Checkpoint;
import dev.longhand.engine.weights.SafetensorsFile;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.training.AdapterInitializer;
import dev.longhand.training.WeightInitializer;
import dev.longhand.training.model.AdamWStep;
import dev.longhand.training.model.DecoderOptions;
import dev.longhand.training.model.FullSettings;
import dev.longhand.training.model.TrainableDecoder;
import dev.longhand.training.model.TrainableModel;
import dev.longhand.training.model.TrainedTensor;
import dev.longhand.training.model.TrainingSequence;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Written folders are loaded by the engine and hold the values of the model. */
class OutputTest {
    private static final Path BASE = Goldens.checkpoint("dim64-group7-tied");

    @TempDir private Path folder;

    /** Tensors without computation. */
    private static final class Tensors implements TrainableModel {
        private final Arena arena = Arena.ofShared();
        private final List<TrainedTensor> tensors = new ArrayList<>();

        void add(String name, Shape shape) {
            MemorySegment floats = arena.allocate(ValueLayout.JAVA_FLOAT, shape.elements());
            tensors.add(new TrainedTensor(name, shape, floats, floats, floats, floats));
        }

        @Override
        public List<TrainedTensor> tensors() {
            return tensors;
        }

        @Override
        public void clearGradients() {
            throw new UnsupportedOperationException();
        }

        @Override
        public double[] addGradients(List<TrainingSequence> microBatch) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Evaluation evaluate(TrainingSequence sequence) {
            throw new UnsupportedOperationException();
        }

        @Override
        public double gradientSquares() {
            throw new UnsupportedOperationException();
        }

        @Override
        public void update(AdamWStep step) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void publishMasters() {}

        @Override
        public void close() {
            arena.close();
        }
    }

    private static Tensors adapter(int rank) {
        Tensors model = new Tensors();
        for (LinearModule module : ModelConfig.read(BASE).layout().matrices().values()) {
            if (module.name().endsWith("q_proj") || module.name().endsWith("v_proj")) {
                model.add(module.name() + ".lora_A.weight", Shape.of(rank, module.inputs()));
                model.add(module.name() + ".lora_B.weight", Shape.of(module.outputs(), rank));
            }
        }
        return model;
    }

    private static float value(MemorySegment segment, long index) {
        return segment.getAtIndex(ValueLayout.JAVA_FLOAT, index);
    }

    @Test
    void anAdapterBeginsAsItsBaseAndDependsOnItsSeed() {
        try (Tensors one = adapter(4);
                Tensors same = adapter(4);
                Tensors other = adapter(4)) {
            AdapterInitializer.random(one, 42);
            AdapterInitializer.random(same, 42);
            AdapterInitializer.random(other, 43);
            TrainedTensor a = one.tensors().get(0);
            double limit = 1 / Math.sqrt(a.shape().extent(1));
            double largest = 0;
            double sum = 0;
            for (long i = 0; i < a.shape().elements(); i++) {
                largest = Math.max(largest, Math.abs(value(a.master(), i)));
                sum += value(a.master(), i);
            }
            assertTrue(largest <= limit && largest > 0.95 * limit, largest + " of " + limit);
            assertEquals(0, sum / a.shape().elements(), 0.1 * limit);
            assertEquals(-1, a.master().mismatch(same.tensors().get(0).master()));
            assertNotEquals(-1, a.master().mismatch(other.tensors().get(0).master()));
            assertNotEquals(value(a.master(), 0), value(one.tensors().get(2).master(), 0));
            assertEquals(0, value(one.tensors().get(1).master(), 3));
        }
    }

    @Test
    void aModelFromScratchHasNormalMatricesAndPlainVectors() {
        try (Tensors model = new Tensors()) {
            model.add("model.norm.weight", Shape.of(5));
            model.add("model.layers.0.self_attn.q_proj.bias", Shape.of(5));
            model.add("model.embed_tokens.weight", Shape.of(100, 50));
            WeightInitializer.random(model, 7);
            assertEquals(1, value(model.tensors().get(0).master(), 4));
            assertEquals(0, value(model.tensors().get(1).master(), 4));
            double squares = 0;
            for (long i = 0; i < 5000; i++) {
                squares += Math.pow(value(model.tensors().get(2).master(), i), 2);
            }
            // The standard error of a deviation of 5,000 values is 1 % of it.
            assertEquals(0.02, Math.sqrt(squares / 5000), 0.001);
        }
    }

    @Test
    void anAdapterIsWrittenReadAndLoaded() throws Exception {
        try (Tensors model = adapter(4);
                Tensors read = adapter(4);
                Tensors wider = adapter(5)) {
            AdapterInitializer.random(model, 1);
            TrainedTensor b = model.tensors().get(1);
            for (long i = 0; i < b.shape().elements(); i++) {
                b.master().setAtIndex(ValueLayout.JAVA_FLOAT, i, (i % 7 - 3) / 10f);
            }
            Path adapter = folder.resolve("last");
            new ReplacedFolder(adapter)
                    .write(out -> new AdapterOutput(4, 8, true, Elements.F32).write(out, model));
            AdapterInitializer.read(read, adapter);
            for (int i = 0; i < model.tensors().size(); i++) {
                assertEquals(
                        -1,
                        model.tensors().get(i).master().mismatch(read.tensors().get(i).master()));
            }
            InputException error =
                    assertThrows(
                            InputException.class, () -> AdapterInitializer.read(wider, adapter));
            assertTrue(String.valueOf(error.getMessage()).contains("lora_A.weight has shape"));
            try (Engine engine = Engine.open(EngineConfig.of(BASE).withDevice(Device.REFERENCE))) {
                String before = answer(engine, null);
                engine.adapters().load("learned", adapter);
                assertNotEquals(before, answer(engine, "learned"));
                assertEquals(before, answer(engine, null));
            }
        }
    }

    private static String answer(Engine engine, @Nullable String adapter) {
        GenerationRequest request =
                GenerationRequest.of(new Prompt.Ids(List.of(3, 5, 7))).withMaxTokens(8);
        return Completion.of(engine, adapter == null ? request : request.withAdapter(adapter))
                .ids()
                .toString();
    }

    @Test
    void aCheckpointHasTheFilesOfItsBaseAndTheNewWeights() throws IOException {
        Path out = folder.resolve("last");
        try (Tensors model = new Tensors();
                Checkpoint base = Checkpoint.open(BASE)) {
            for (SafetensorsFile file : base.shards()) {
                for (String name : file.names()) {
                    model.add(name, file.tensor(name).shape());
                }
            }
            for (TrainedTensor tensor : model.tensors()) {
                for (long i = 0; i < tensor.shape().elements(); i++) {
                    tensor.master().setAtIndex(ValueLayout.JAVA_FLOAT, i, 1 + i * 0x1p-12f);
                }
            }
            new ReplacedFolder(out)
                    .write(to -> new CheckpointOutput(BASE, Elements.BF16).write(to, model));
        }
        assertEquals(
                "bfloat16", Goldens.read(out.resolve("config.json")).get("torch_dtype").asString());
        try (Arena arena = Arena.ofConfined()) {
            SafetensorsFile file = SafetensorsFile.open(out.resolve("model.safetensors"), arena);
            MemorySegment embedding = file.slice("model.embed_tokens.weight");
            assertFalse(file.names().contains("lm_head.weight"), "a tied head is one tensor");
            // 1 + 3 * 2^-12 lies nearest to 1 in bfloat16, 1 + 20 * 2^-12 nearest to 1 + 2^-7.
            assertEquals(0x3f80, embedding.getAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, 3));
            assertEquals(0x3f81, embedding.getAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, 20));
        }
    }

    /** Gemma 2's files hold the weights of norms less 1, which training has as they multiply. */
    @Test
    void normsAreWrittenAsTheFamilyStoresThem() throws IOException {
        Path base = Goldens.checkpoint("gemma2-dim32");
        Path out = folder.resolve("untrained");
        DecoderOptions options =
                new DecoderOptions(new FullSettings(false), null, Device.CPU, 1, false);
        try (TrainableDecoder model = TrainableDecoder.open(base, options)) {
            new ReplacedFolder(out)
                    .write(to -> new CheckpointOutput(base, Elements.F32).write(to, model));
        }
        try (Arena arena = Arena.ofConfined()) {
            SafetensorsFile before = SafetensorsFile.open(base.resolve("model.safetensors"), arena);
            SafetensorsFile after = SafetensorsFile.open(out.resolve("model.safetensors"), arena);
            assertEquals(before.names(), after.names());
            for (String name : before.names()) {
                HostTensor wanted = before.tensor(name);
                HostTensor written = after.tensor(name);
                for (long i = 0; i < wanted.shape().elements(); i++) {
                    assertEquals(wanted.get(i), written.get(i), 0x1p-24f, name);
                }
            }
        }
    }

    /** The old folder stands until the new one is whole, and returns after an interruption. */
    @Test
    void aFolderIsReplacedAsAWhole() throws IOException {
        Path target = folder.resolve("best");
        ReplacedFolder replaced = new ReplacedFolder(target);
        replaced.write(out -> Files.writeString(out.resolve("a"), "1"));
        assertThrows(
                IOException.class,
                () ->
                        replaced.write(
                                out -> {
                                    Files.writeString(out.resolve("a"), "2");
                                    throw new IOException("the disk is full");
                                }));
        assertEquals("1", Files.readString(target.resolve("a")));
        replaced.write(out -> Files.writeString(out.resolve("b"), "3"));
        assertFalse(Files.exists(target.resolve("a")));
        Files.move(target, folder.resolve("best.old")); // killed between the two renames
        replaced.restore();
        assertEquals("3", Files.readString(target.resolve("b")));
        try (Stream<Path> content = Files.list(folder)) {
            assertEquals(List.of(target), content.toList());
        }
    }
}
