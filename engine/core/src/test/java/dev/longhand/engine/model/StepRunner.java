package dev.longhand.engine.model;

import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.memory.StepSize;
import dev.longhand.engine.status.LoadProgress;
import dev.longhand.kernels.BackendChoice;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.batch.StepBatch;
import dev.longhand.kernels.kvcache.KvCache;
import dev.longhand.kernels.kvcache.KvShape;
import dev.longhand.kernels.sampling.SamplerState;
import dev.longhand.kernels.tensor.DType;

import org.jspecify.annotations.Nullable;

import java.nio.file.Path;

/** A model without a scheduler; tests compose each step by hand. */
final class StepRunner implements AutoCloseable {
    private final ModelLoader loader;
    private final LoadedModel loaded;
    private final ComputeBackend backend;
    private final DecoderModel model;
    private final KvCache kv;
    private final StepBatch batch;
    private final SamplerState[] samplers = new SamplerState[1];

    StepRunner(Path folder, Device device, int threads, int rowsMax, int positionsMax) {
        this(folder, device, null, null, threads, rowsMax, positionsMax);
    }

    /**
     * Opens a model with linear layers quantised to {@code quantized} and KV kept in {@code
     * kvDtype}; null leaves the default.
     */
    StepRunner(
            Path folder,
            Device device,
            @Nullable DType quantized,
            @Nullable DType kvDtype,
            int threads,
            int rowsMax,
            int positionsMax) {
        ModelConfig config = ModelConfig.read(folder);
        loader =
                ModelLoader.open(
                        folder,
                        config,
                        quantized,
                        () -> BackendChoice.open(device, threads).backend());
        backend = loader.backend();
        int pages = KvShape.pagesFor(positionsMax);
        loaded =
                loader.load(
                        backend,
                        new StepSize(rowsMax, rowsMax, 1, positionsMax),
                        config.kvShape(
                                pages,
                                kvDtype != null ? kvDtype : backend.capabilities().kvDtype()),
                        LoadProgress.SILENT);
        model = loaded.model();
        kv = loaded.kv();
        batch = backend.allocateBatch(rowsMax, 1, pages);
    }

    /** Gives sequence 0 the first pages of the pool. */
    void takePages(int count) {
        for (int i = 0; i < count; i++) {
            batch.setPage(0, i, i);
        }
    }

    /** Feeds the tokens from {@code begin} to {@code end}; only the last one gets logits. */
    void step(int[] tokens, int begin, int end) {
        batch.clear();
        for (int position = begin; position < end; position++) {
            batch.add(tokens[position], position, 0);
        }
        batch.select();
        model.forward(batch, kv);
    }

    /** Feeds the last sampled token, or 0, at a position of sequence 0 and samples the next one. */
    void sample(SamplerState sampler, int position) {
        batch.clear();
        batch.add(Math.max(0, sampler.token()), position, 0);
        batch.select();
        model.forward(batch, kv);
        samplers[0] = sampler;
        sampler.moveTo(position + 1);
        backend.sample(model.logits(), samplers, 1);
    }

    /** Copies a page of the pool to another. */
    void copyPage(int from, int to) {
        backend.copyPage(kv, from, to);
    }

    int vocabulary() {
        return model.config().vocabSize();
    }

    /** Feeds all tokens at once; every one gets logits. */
    void stepAll(int[] tokens) {
        batch.clear();
        for (int position = 0; position < tokens.length; position++) {
            batch.add(tokens[position], position, 0);
            batch.select();
        }
        model.forward(batch, kv);
    }

    /** Returns the logits of a selected row. */
    float[] logits(int row) {
        float[] logits = new float[model.config().vocabSize()];
        backend.read(model.logits(), row, logits);
        return logits;
    }

    @Override
    public void close() {
        batch.close();
        loaded.close();
        loader.close();
    }
}
