package dev.longhand.engine.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.Goldens;
import dev.longhand.engine.architecture.Architecture;
import dev.longhand.engine.architecture.DecoderTraits;
import dev.longhand.engine.architecture.LinearModule;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.architecture.RopeConfig;
import dev.longhand.engine.model.LinearWeights;
import dev.longhand.engine.weights.Checkpoint;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.Shape;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.nio.file.Path;
import java.util.List;

/** The memory table that {@code inspect} prints. */
class MemoryTableTest {
    private static final RopeConfig ROPE = new RopeConfig(1e6, null);

    /** Qwen2.5-32B's config.json. */
    private static final ModelConfig B32 =
            new ModelConfig(
                    Architecture.QWEN2,
                    64,
                    5120,
                    40,
                    8,
                    128,
                    27_648,
                    152_064,
                    32_768,
                    1e-6f,
                    false,
                    ROPE,
                    List.of(),
                    null,
                    DecoderTraits.QWEN2);

    @Test
    void bytesOfThe32BModelAreThoseOfItsParameters() {
        long vectors = 64 * (2 * 5120 + 7168) + 5120;
        long parameters = 32_763_876_352L; // the model card says 32.8B
        assertEquals(2 * (parameters - vectors) + 4 * vectors, MemoryTable.weightBytes(B32, null));
        long embedding = 2L * 152_064 * 5120;
        long quantised = parameters - vectors - 152_064L * 5120;
        assertEquals(
                embedding + quantised * 9 / 16 + 4 * vectors, // 4.5 bits
                MemoryTable.weightBytes(B32, DType.INT4));
    }

    @Test
    void kvGrowsByWhatAPositionTakes() {
        MemoryTable table = new MemoryTable(B32, 1000, 0);
        long position = 2L * 64 * 8 * 128 * 2; // K and V of 64 layers in bf16
        assertEquals(
                16_384 * position,
                table.neededBytes(DType.INT8, 32_768) - table.neededBytes(DType.INT8, 16_384));
    }

    @Test
    void theTableSaysWhereItFits() {
        String text = new MemoryTable(B32, 240L << 20, 22L << 30).text();
        assertEquals(12, text.lines().count(), text);
        assertFits(text, "bf16", "1,024", "-", "-", "yes", "yes", "yes", "-");
        assertFits(text, "int8", "32,768", "-", "yes", "yes", "yes", "yes", "-");
        assertFits(text, "int4", "1,024", "yes", "yes", "yes", "yes", "yes", "yes");
        assertFits(text, "int4", "32,768", "-", "yes", "yes", "yes", "yes", "-");
    }

    private static void assertFits(String text, String weights, String context, String... cells) {
        List<String> line =
                text.lines()
                        .map(each -> List.of(each.split(" +")))
                        .filter(each -> each.size() > 2 && each.get(0).equals(weights))
                        .filter(each -> each.get(1).equals(context))
                        .findFirst()
                        .orElseThrow();
        assertEquals(List.of(cells), line.subList(3, line.size()), text);
    }

    /**
     * A plan counts the bytes that memory actually holds, including those of quantised checkpoints.
     */
    @Test
    void aPlanCountsPackedMatricesAsTheyAreKept() {
        Path folder = Goldens.quantized("gptq-int4");
        ModelConfig config = ModelConfig.read(folder);
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            long stored = bytes(checkpoint, config, null);
            long head = 211 * 128;
            assertEquals(
                    DType.INT8.bytes(Shape.of(211, 128)) - 2 * head,
                    bytes(checkpoint, config, DType.INT8) - stored);
            long packed = 0;
            for (LinearModule matrix : config.layout().matrices().values()) {
                if (!matrix.equals(config.layout().head())) {
                    packed += DType.INT4_G128.bytes(matrix.shape());
                }
            }
            long kept = stored - packed;
            assertTrue(kept > 2 * 2 * head && kept < 2 * 2 * head + 20_000, "others: " + kept);
        }
    }

    private static long bytes(Checkpoint checkpoint, ModelConfig config, @Nullable DType asked) {
        try (LinearWeights linear = new LinearWeights(checkpoint, config, asked)) {
            return linear.bytes();
        }
    }
}
