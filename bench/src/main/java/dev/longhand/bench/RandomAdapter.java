package dev.longhand.bench;

import dev.longhand.engine.lora.Projection;
import dev.longhand.engine.model.ModelConfig;
import dev.longhand.kernels.tensor.BFloat16;
import dev.longhand.kernels.tensor.Shape;

import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Writes PEFT folders of random LoRAs of all linear layers, in bf16, small enough to change little.
 */
final class RandomAdapter {
    private static final double SIZE = 0.01;

    private RandomAdapter() {}

    /** Writes a folder of this rank for a model. */
    static Path write(Path folder, ModelConfig model, int rank, long seed) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(
                folder.resolve("adapter_config.json"),
                """
                {"peft_type": "LORA", "r": %d, "lora_alpha": %d, "target_modules": "all-linear"}
                """
                        .formatted(rank, 2 * rank));
        Map<String, Object> header = new LinkedHashMap<>();
        List<Long> sizes = new ArrayList<>();
        long end = 0;
        for (int layer = 0; layer < model.layers(); layer++) {
            for (Projection projection : Projection.values()) {
                Shape shape = projection.shape(model);
                String module = "base_model.model." + projection.module(layer);
                end = add(header, sizes, module + ".lora_A.weight", rank, shape.extent(1), end);
                end = add(header, sizes, module + ".lora_B.weight", shape.extent(0), rank, end);
            }
        }
        byte[] json = new JsonMapper().writeValueAsString(header).getBytes(StandardCharsets.UTF_8);
        SplittableRandom random = new SplittableRandom(seed);
        try (FileChannel file =
                FileChannel.open(
                        folder.resolve("adapter_model.safetensors"),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE)) {
            ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
            write(file, length.putLong(json.length).flip());
            write(file, ByteBuffer.wrap(json));
            for (long bytes : sizes) {
                write(file, matrix((int) bytes, random));
            }
        }
        return folder;
    }

    private static long add(
            Map<String, Object> header,
            List<Long> sizes,
            String name,
            long rows,
            long columns,
            long start) {
        long end = start + 2 * rows * columns;
        header.put(
                name,
                Map.of(
                        "dtype",
                        "BF16",
                        "shape",
                        List.of(rows, columns),
                        "data_offsets",
                        List.of(start, end)));
        sizes.add(end - start);
        return end;
    }

    private static ByteBuffer matrix(int bytes, SplittableRandom random) {
        ByteBuffer matrix = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
        while (matrix.hasRemaining()) {
            matrix.putShort(BFloat16.bits((float) (SIZE * (2 * random.nextDouble() - 1))));
        }
        return matrix.flip();
    }

    private static void write(FileChannel file, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            file.write(bytes);
        }
    }
}
