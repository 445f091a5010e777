package dev.longhand.bench.quality;

import dev.longhand.bench.model.ModelChoice;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.memory.StepSize;
import dev.longhand.engine.model.DecoderModel;
import dev.longhand.engine.model.DecoderWeights;
import dev.longhand.engine.model.LinearWeights;
import dev.longhand.engine.weights.Checkpoint;
import dev.longhand.engine.weights.LoadProgress;
import dev.longhand.kernels.BackendChoice;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.batch.StepBatch;
import dev.longhand.kernels.kvcache.KvCache;
import dev.longhand.kernels.kvcache.KvShape;

import java.lang.foreign.Arena;
import java.nio.file.Path;

/** The logits of a model after every token of a text, computed on the host. */
final class TextLogits implements AutoCloseable {
    /** Tokens of a step, whose logits, 0.6 MB each, are in memory together. */
    private static final int ROWS = 32;

    private final Arena hostMemory = Arena.ofShared();
    private final Checkpoint checkpoint;
    private final ComputeBackend backend;
    private final DecoderModel model;
    private final KvCache kv;
    private final StepBatch batch;

    /**
     * Opens a model.
     *
     * @param positions tokens of the longest text
     */
    TextLogits(ModelChoice choice, int positions) {
        Path folder = choice.folder();
        ModelConfig config = ModelConfig.read(folder);
        checkpoint = Checkpoint.open(folder);
        backend = BackendChoice.host(choice.threads());
        model =
                new DecoderModel(
                        DecoderWeights.bind(
                                checkpoint,
                                config,
                                backend,
                                new LinearWeights(checkpoint, config, choice.quantized()),
                                LoadProgress.SILENT,
                                hostMemory),
                        config,
                        backend,
                        backend,
                        new StepSize(ROWS, ROWS, positions),
                        hostMemory);
        int pages = KvShape.pagesFor(positions);
        kv =
                backend.allocateKv(
                        new KvShape(
                                config.layers(),
                                pages,
                                config.kvHeads(),
                                config.headDim(),
                                backend.capabilities().kvDtype()));
        batch = backend.allocateBatch(ROWS, 1, pages);
        for (int page = 0; page < pages; page++) {
            batch.setPage(0, page, page);
        }
    }

    /** The logits after each token from {@code first} to the last but one. */
    float[][] after(int[] text, int first) {
        float[][] all = new float[text.length - 1 - first][model.config().vocabSize()];
        for (int begin = 0; begin < text.length - 1; begin += ROWS) {
            int end = Math.min(text.length - 1, begin + ROWS);
            batch.clear();
            for (int position = begin; position < end; position++) {
                batch.add(text[position], position, 0);
                batch.select();
            }
            model.forward(batch, kv);
            for (int position = Math.max(begin, first); position < end; position++) {
                backend.read(model.logits(), position - begin, all[position - first]);
            }
        }
        return all;
    }

    @Override
    public void close() {
        batch.close();
        kv.close();
        backend.close();
        hostMemory.close();
        checkpoint.close();
    }
}
