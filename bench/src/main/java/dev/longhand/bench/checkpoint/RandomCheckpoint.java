package dev.longhand.bench.checkpoint;

import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.FolderTree;
import dev.longhand.engine.status.LoadProgress;

import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A checkpoint of a Qwen2.5 shape with random weights and no tokenizer. Tensors are written while
 * they are computed, so that any shape needs only a few megabytes of memory. Shards are cut as
 * Hugging Face cuts them. Shape, format, seed and shard size determine every byte.
 */
public final class RandomCheckpoint {
    /** The shard size with which transformers saves models. */
    public static final long SHARD_BYTES = 5_000_000_000L;

    private static final String GENERATION_CONFIG =
            """
            {
              "bos_token_id": 151643,
              "eos_token_id": [151645, 151643],
              "pad_token_id": 151643,
              "do_sample": false
            }
            """;

    private final QwenShape shape;
    private final WeightFormat format;
    private final long seed;
    private final long shardBytesMax;

    /**
     * Describes a checkpoint, which {@link #write(Path, LoadProgress)} writes.
     *
     * @param shardBytesMax the maximum size of the tensors of a shard; only a single larger tensor
     *     exceeds it
     */
    public RandomCheckpoint(QwenShape shape, WeightFormat format, long seed, long shardBytesMax) {
        if (shardBytesMax < 1) {
            throw new InputException("a shard needs at least one byte, not " + shardBytesMax);
        }
        this.shape = shape;
        this.format = format;
        this.seed = seed;
        this.shardBytesMax = shardBytesMax;
    }

    /**
     * Returns the folder of a bf16 checkpoint in a cache; writes the checkpoint if it is absent.
     *
     * @throws InputException if it cannot be written
     */
    public static Path cached(Path cache, QwenShape shape, long seed, LoadProgress progress) {
        Path folder = cachePath(cache, shape, seed);
        if (!Files.isDirectory(folder)) {
            new RandomCheckpoint(shape, WeightFormat.BF16, seed, SHARD_BYTES)
                    .write(folder, progress);
        }
        return folder;
    }

    /** The folder of a shape in bf16 and a seed in a cache, whether it is there or not. */
    public static Path cachePath(Path cache, QwenShape shape, long seed) {
        return cache.resolve("qwen2.5-%s-random-%d".formatted(shape.label(), seed));
    }

    /** Returns the bytes of a shape's tensors in bf16. */
    public static long bytes(QwenShape shape) {
        return shape.tensors(WeightFormat.BF16).stream().mapToLong(RandomTensor::bytes).sum();
    }

    /**
     * Returns the folder of an adapter in a cache; writes the adapter if it is absent.
     *
     * @param model the folder of the model that the adapter fits
     * @throws InputException if it cannot be written
     */
    public static Path cachedAdapter(Path cache, Path model, int rank, long seed) {
        String name = model.toAbsolutePath().normalize().getFileName().toString();
        Path folder = cache.resolve("%s-lora-r%d-%d".formatted(name, rank, seed));
        if (!Files.isDirectory(folder)) {
            ModelConfig config = ModelConfig.read(model);
            place(folder, partial -> RandomAdapter.write(partial, config, rank, seed));
        }
        return folder;
    }

    /**
     * Writes the folder, which must not exist; it appears when it is complete.
     *
     * @throws InputException if it exists, or does not fit on the disk
     */
    public void write(Path folder, LoadProgress progress) {
        List<RandomTensor> tensors = shape.tensors(format);
        place(folder, partial -> write(partial, tensors, progress));
    }

    /** Writes the content of a folder. */
    private interface Content {
        void write(Path partial) throws IOException;
    }

    private static void place(Path folder, Content content) {
        if (Files.exists(folder)) {
            throw new InputException(folder + ": exists already");
        }
        Path parent = Objects.requireNonNullElse(folder.getParent(), Path.of(""));
        try {
            Files.createDirectories(parent);
            String name = folder.getFileName() + ".partial-" + ProcessHandle.current().pid();
            Path partial = Files.createDirectory(folder.resolveSibling(name));
            try {
                content.write(partial);
                Files.move(partial, folder, StandardCopyOption.ATOMIC_MOVE);
            } catch (IOException | RuntimeException e) {
                FolderTree.delete(partial);
                throw e;
            }
        } catch (IOException e) {
            throw new InputException(folder + ": cannot be written (" + e.getMessage() + ")", e);
        }
    }

    private void write(Path folder, List<RandomTensor> tensors, LoadProgress progress)
            throws IOException {
        long total = tensors.stream().mapToLong(RandomTensor::bytes).sum();
        long free = Files.getFileStore(folder).getUsableSpace();
        if (free < total) {
            throw new InputException(
                    "the %s checkpoint takes %,d bytes, the disk has %,d"
                            .formatted(shape.label(), total, free));
        }
        long[] done = {0};
        RandomTensorWriter writer =
                new RandomTensorWriter(
                        seed,
                        bytes -> {
                            done[0] += bytes;
                            progress.loaded(done[0], total);
                        });
        List<List<RandomTensor>> shards = shards(tensors);
        Map<String, String> shardOf = new LinkedHashMap<>();
        for (int i = 0; i < shards.size(); i++) {
            String file = fileName(i, shards.size());
            writer.write(folder.resolve(file), shards.get(i));
            shards.get(i).forEach(tensor -> shardOf.put(tensor.name(), file));
        }
        if (shards.size() > 1) {
            Map<String, Object> index = new LinkedHashMap<>();
            index.put("metadata", Map.of("total_size", total));
            index.put("weight_map", shardOf);
            Files.writeString(
                    folder.resolve("model.safetensors.index.json"),
                    new JsonMapper().writeValueAsString(index));
        }
        Files.writeString(folder.resolve("generation_config.json"), GENERATION_CONFIG);
        Files.writeString(folder.resolve("config.json"), shape.configJson(format));
    }

    private static String fileName(int shard, int shards) {
        return shards == 1
                ? "model.safetensors"
                : "model-%05d-of-%05d.safetensors".formatted(shard + 1, shards);
    }

    private List<List<RandomTensor>> shards(List<RandomTensor> tensors) {
        List<List<RandomTensor>> shards = new ArrayList<>();
        long bytes = Long.MAX_VALUE / 2;
        for (RandomTensor tensor : tensors) {
            if (bytes + tensor.bytes() > shardBytesMax) {
                shards.add(new ArrayList<>());
                bytes = 0;
            }
            shards.getLast().add(tensor);
            bytes += tensor.bytes();
        }
        return shards;
    }
}
