package dev.longhand.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.longhand.engine.Goldens;
import dev.longhand.engine.architecture.AdapterTarget;
import dev.longhand.engine.architecture.LinearModule;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.architecture.ModelLayout;
import dev.longhand.engine.architecture.Projection;
import dev.longhand.engine.lora.Adapter;
import dev.longhand.engine.lora.AdapterReader;
import dev.longhand.kernels.tensor.BFloat16;
import dev.longhand.kernels.tensor.HostTensor;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Adapters that are written are read back with the same modules, scale and values. */
class AdapterWriterTest {
    private static final ModelConfig MODEL = ModelConfig.read(Goldens.checkpoint("dim64-group5"));

    private static final ModelLayout LAYOUT = MODEL.layout();

    @TempDir private Path folder;

    /** A value that depends on its position alone and is exact in each element type. */
    private static float value(int layer, Projection projection, boolean b, long index) {
        long mixed = (layer * 7L + projection.ordinal()) * 31 + (b ? 1 : 0) + index * 13;
        return (mixed % 255 - 127) / 64f;
    }

    private static LoraModule module(
            int layer, Projection projection, int rank, AdapterWriter.ElementType type) {
        LinearModule module = LAYOUT.linear(new AdapterTarget(layer, projection));
        int outputs = module.outputs();
        int inputs = module.inputs();
        return new LoraModule(
                module.name(),
                inputs,
                outputs,
                channel ->
                        channel.write(values(layer, projection, false, (long) rank * inputs, type)),
                channel ->
                        channel.write(
                                values(layer, projection, true, (long) outputs * rank, type)));
    }

    private static ByteBuffer values(
            int layer,
            Projection projection,
            boolean b,
            long count,
            AdapterWriter.ElementType type) {
        ByteBuffer bytes = ByteBuffer.allocate((int) count * 4).order(ByteOrder.LITTLE_ENDIAN);
        for (long i = 0; i < count; i++) {
            float value = value(layer, projection, b, i);
            switch (type) {
                case BF16 -> bytes.putShort(BFloat16.bits(value));
                case F16 -> bytes.putShort(Float.floatToFloat16(value));
                case F32 -> bytes.putFloat(value);
            }
        }
        return bytes.flip();
    }

    private static List<LoraModule> modules(
            List<Projection> projections, int rank, AdapterWriter.ElementType type) {
        List<LoraModule> modules = new ArrayList<>();
        for (int layer = 0; layer < MODEL.layers(); layer++) {
            for (Projection projection : projections) {
                modules.add(module(layer, projection, rank, type));
            }
        }
        return modules;
    }

    @ParameterizedTest(name = "rank {0}, alpha {1}, {2}, {3} projections")
    @CsvSource({"1, 2, BF16, 7", "5, 7.5, F32, 7", "16, 16, F16, 2", "64, 128, BF16, 1"})
    void readsBackEqual(int rank, double alpha, AdapterWriter.ElementType type, int count)
            throws IOException {
        List<Projection> projections = List.of(Projection.values()).subList(0, count);
        new AdapterWriter(rank, alpha, false, type).write(folder, modules(projections, rank, type));
        try (Adapter adapter = new AdapterReader(MODEL).read(folder, bytes -> {})) {
            assertEquals(rank, adapter.rankMax());
            assertEquals(MODEL.layers() * count, adapter.changes().size());
            for (Adapter.Change change : adapter.changes()) {
                assertEquals((float) (alpha / rank), change.matrix().scale());
                assertValues(change, false, change.matrix().a());
                assertValues(change, true, change.matrix().b());
            }
        }
        try (var files = Files.list(folder)) {
            assertEquals(2, files.count());
        }
    }

    private static void assertValues(Adapter.Change change, boolean b, HostTensor tensor) {
        for (long i = 0; i < tensor.shape().elements(); i++) {
            assertEquals(
                    value(change.target().layer(), change.target().projection(), b, i),
                    tensor.get(i));
        }
    }

    @Test
    void theConfigurationIsWhatPeftReads() throws IOException {
        AdapterWriter.ElementType type = AdapterWriter.ElementType.BF16;
        new AdapterWriter(4, 8, false, type)
                .write(folder, modules(List.of(Projection.Q, Projection.DOWN), 4, type));
        JsonNode config = new JsonMapper().readTree(folder.resolve("adapter_config.json").toFile());
        assertEquals(
                new JsonMapper()
                        .readTree(
                                """
                                {"peft_type": "LORA", "task_type": "CAUSAL_LM", "bias": "none",
                                 "r": 4, "lora_alpha": 8, "target_modules": ["q_proj", "down_proj"]}
                                """),
                config);
    }

    @Test
    void anAdapterIsReplacedWholeOrNotAtAll() throws IOException {
        AdapterWriter.ElementType type = AdapterWriter.ElementType.BF16;
        new AdapterWriter(2, 2, false, type).write(folder, modules(List.of(Projection.Q), 2, type));
        byte[] before = Files.readAllBytes(folder.resolve("adapter_model.safetensors"));
        List<LoraModule> ofAnotherRank = modules(List.of(Projection.K), 2, type);
        AdapterWriter other = new AdapterWriter(3, 3, false, type);
        assertThrows(IllegalStateException.class, () -> other.write(folder, ofAnotherRank));
        assertFalse(Files.exists(folder.resolve("adapter_model.safetensors.partial")));
        assertEquals(
                ByteBuffer.wrap(before),
                ByteBuffer.wrap(Files.readAllBytes(folder.resolve("adapter_model.safetensors"))));
        other.write(folder, modules(List.of(Projection.K), 3, type));
        try (Adapter adapter = new AdapterReader(MODEL).read(folder, bytes -> {})) {
            assertEquals(3, adapter.rankMax());
            assertFalse(adapter.changes().isEmpty());
        }
    }

    @Test
    void wrongSettings() {
        AdapterWriter.ElementType type = AdapterWriter.ElementType.F32;
        assertThrows(IllegalArgumentException.class, () -> new AdapterWriter(0, 1, false, type));
        assertThrows(
                IllegalArgumentException.class,
                () -> new AdapterWriter(1, Double.NaN, false, type));
    }
}
