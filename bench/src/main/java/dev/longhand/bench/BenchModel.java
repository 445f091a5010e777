package dev.longhand.bench;

import dev.longhand.bench.checkpoint.QwenShape;
import dev.longhand.bench.checkpoint.RandomCheckpoint;
import dev.longhand.engine.error.InputException;
import dev.longhand.kernels.tensor.DType;

import org.jspecify.annotations.Nullable;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;

/** The model that a benchmark's parameters mean: a folder of the user's, or a generated one. */
final class BenchModel {
    private static final long SEED = 1;

    private BenchModel() {}

    /**
     * The folder of a model.
     *
     * @param model Hugging Face folder; empty for a generated one
     * @param shape of the generated one, see {@link QwenShape}
     * @param cache where generated ones are kept
     * @throws InputException if there is no such folder or shape, or it is not clear where to keep
     *     it
     */
    static Path folder(String model, String shape, String cache) {
        if (!model.isEmpty()) {
            Path folder = Path.of(model);
            if (!Files.isDirectory(folder)) {
                throw new InputException(
                        "'%s' is no folder; name a model with -p model=DIR".formatted(model));
            }
            return folder;
        }
        QwenShape known = QwenShape.of(shape);
        return RandomCheckpoint.cached(requireCache(cache), known, SEED, (done, total) -> {});
    }

    /**
     * The folder of a random adapter for a model.
     *
     * @param cache where it is kept
     * @throws InputException if it is not clear where to keep it
     */
    static Path adapter(Path model, int rank, int number, String cache) {
        return RandomCheckpoint.cachedAdapter(requireCache(cache), model, rank, number);
    }

    /**
     * What the engine quantises to, by how weights shall be kept.
     *
     * @return null for BF16, as they are stored
     * @throws InputException if the engine keeps no weights so
     */
    static @Nullable DType quantized(DType weights) {
        if (weights == DType.BF16) {
            return null;
        }
        if (weights.quantized()) {
            return weights;
        }
        throw new InputException(
                "weights are kept in BF16, as stored, or %s, not %s"
                        .formatted(
                                DType.quantizableTypes().stream()
                                        .map(DType::name)
                                        .collect(Collectors.joining(" or ")),
                                weights));
    }

    private static Path requireCache(String cache) {
        if (cache.isEmpty()) {
            throw new InputException(
                    "nothing to run: name a model with -p model=DIR, and for generated models and"
                            + " adapters a folder to keep them in with -p cache=DIR");
        }
        return Path.of(cache);
    }
}
