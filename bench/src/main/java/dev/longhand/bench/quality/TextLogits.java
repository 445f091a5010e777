package dev.longhand.bench.quality;

import dev.longhand.bench.model.ModelChoice;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.memory.StepSize;
import dev.longhand.engine.model.DecoderModel;
import dev.longhand.engine.model.LoadedModel;
import dev.longhand.engine.model.ModelLoader;
import dev.longhand.engine.status.LoadProgress;
import dev.longhand.kernels.BackendChoice;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.batch.StepBatch;
import dev.longhand.kernels.kvcache.KvShape;

import java.nio.file.Path;

/** The logits of a model after every token of a text, computed on the host. */
final class TextLogits implements AutoCloseable {
    /** The number of tokens of a step. Their logits, 0.6 MB per token, are in memory together. */
    private static final int ROWS = 32;

    private final ModelLoader loader;
    private final LoadedModel loaded;
    private final ComputeBackend backend;
    private final DecoderModel model;
    private final StepBatch batch;

    /**
     * Opens a model.
     *
     * @param positions the number of tokens of the longest text
     */
    TextLogits(ModelChoice choice, int positions) {
        Path folder = choice.folder();
        ModelConfig config = ModelConfig.read(folder);
        loader =
                ModelLoader.open(
                        folder,
                        config,
                        choice.quantized(),
                        () -> BackendChoice.host(choice.threads()));
        backend = loader.backend();
        int pages = KvShape.pagesFor(positions);
        loaded =
                loader.load(
                        backend,
                        new StepSize(ROWS, ROWS, 1, positions),
                        config.kvShape(pages, backend.capabilities().kvDtype()),
                        LoadProgress.SILENT);
        model = loaded.model();
        batch = backend.allocateBatch(ROWS, 1, pages);
        for (int page = 0; page < pages; page++) {
            batch.setPage(0, page, page);
        }
    }

    /** Returns the logits after each token from {@code first} to the last but one. */
    float[][] after(int[] text, int first) {
        float[][] all = new float[text.length - 1 - first][model.config().vocabSize()];
        for (int begin = 0; begin < text.length - 1; begin += ROWS) {
            int end = Math.min(text.length - 1, begin + ROWS);
            batch.clear();
            for (int position = begin; position < end; position++) {
                batch.add(text[position], position, 0);
                batch.select();
            }
            model.forward(batch, loaded.kv());
            for (int position = Math.max(begin, first); position < end; position++) {
                backend.read(model.logits(), position - begin, all[position - first]);
            }
        }
        return all;
    }

    @Override
    public void close() {
        batch.close();
        loaded.close();
        loader.close();
    }
}
