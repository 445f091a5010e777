package dev.longhand.bench.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.longhand.kernels.Device;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.training.model.DecoderOptions;
import dev.longhand.training.model.DeviceLayout;
import dev.longhand.training.model.LoraSettings;
import dev.longhand.training.model.TrainingPlan;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The memory of an adapter of the 32B shape and one sequence of 16,384 tokens on GPUs, with the
 * layers recomputed. The checkpoint is a file with a header and a hole: plans read no weights.
 */
class DevicePlanTest {
    private static final int TOKENS = 16_384;
    private static final double GIBIBYTE = 1 << 30;

    @TempDir private static Path folder;

    @BeforeAll
    static void writeShape() throws IOException {
        List<RandomTensor> tensors = QwenShape.B32.tensors(WeightFormat.BF16);
        byte[] header = RandomTensorWriter.header(tensors).toArray(ValueLayout.JAVA_BYTE);
        Path weights = folder.resolve("model.safetensors");
        Files.write(weights, header);
        try (RandomAccessFile file = new RandomAccessFile(weights.toFile(), "rw")) {
            file.setLength(header.length + tensors.stream().mapToLong(RandomTensor::bytes).sum());
        }
        Files.writeString(
                folder.resolve("config.json"), QwenShape.B32.configJson(WeightFormat.BF16));
    }

    private static DecoderOptions options(DType weights, int rank) {
        return new DecoderOptions(
                LoraSettings.ofRank(rank),
                weights == DType.BF16 ? null : weights,
                Device.CUDA,
                1,
                true);
    }

    /** Bytes in GiB of each layout, in the order of the layouts. */
    @ParameterizedTest(name = "{0} r={1}: {2}, {3}, {4}, {5} GiB")
    @CsvSource({
        "BF16,  64,  91.5, 71.8, 67.8, 11.5",
        "INT8,  64,  65.0, 45.3, 41.3, 11.4",
        "INT4,  64,  50.1, 30.4, 26.4, 10.6",
        "BF16, 256, 115.5, 95.9, 79.9, 23.6",
        "INT8, 256,  89.1, 69.4, 53.4, 23.5",
        "INT4, 256,  74.2, 54.5, 38.5, 22.7"
    })
    void layouts(
            DType weights,
            int rank,
            double resident,
            double inputsOnHost,
            double momentsOnHost,
            double streamed) {
        TrainingPlan plan = TrainingPlan.of(folder, options(weights, rank), TOKENS);
        List<Double> expected = List.of(resident, inputsOnHost, momentsOnHost, streamed);
        for (DeviceLayout layout : DeviceLayout.values()) {
            assertEquals(
                    expected.get(layout.ordinal()),
                    plan.deviceBytes(layout) / GIBIBYTE,
                    0.05,
                    layout.name());
        }
    }

    /** A gibibyte of the card is left to the driver. */
    @ParameterizedTest(name = "a card of {0} GiB, {1} r={2}: {3}")
    @CsvSource({
        "80, BF16,  64, INPUTS_ON_HOST",
        "80, BF16, 256, STREAMED",
        "80, INT8,  64, RESIDENT",
        "80, INT8, 256, INPUTS_ON_HOST",
        "80, INT4, 256, RESIDENT",
        "48, BF16,  64, STREAMED",
        "48, BF16, 256, STREAMED",
        "48, INT8,  64, INPUTS_ON_HOST",
        "48, INT8, 256, STREAMED",
        "48, INT4,  64, INPUTS_ON_HOST",
        "48, INT4, 256, MOMENTS_ON_HOST",
        "24, BF16,  64, STREAMED",
        "24, BF16, 256, NONE",
        "24, INT4,  64, STREAMED",
        "24, INT4, 256, STREAMED"
    })
    void cards(int card, DType weights, int rank, String layout) {
        DecoderOptions options = options(weights, rank);
        TrainingPlan plan = TrainingPlan.of(folder, options, TOKENS);
        long usable = (card - 1L) << 30;
        assertEquals(
                layout,
                plan.layoutFor(usable, options.method()).map(DeviceLayout::name).orElse("NONE"));
    }
}
