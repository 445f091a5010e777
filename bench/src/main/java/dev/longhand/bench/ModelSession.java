package dev.longhand.bench;

import dev.longhand.engine.model.LinearWeights;
import dev.longhand.engine.model.ModelConfig;
import dev.longhand.engine.model.Qwen2Model;
import dev.longhand.engine.model.Qwen2Weights;
import dev.longhand.engine.model.StepSize;
import dev.longhand.engine.weights.Checkpoint;
import dev.longhand.engine.weights.LoadProgress;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.backend.DecoderOps;
import dev.longhand.kernels.batch.StepBatch;
import dev.longhand.kernels.kvcache.KvCache;
import dev.longhand.kernels.kvcache.KvShape;
import dev.longhand.kernels.sampling.SamplerState;
import dev.longhand.kernels.sampling.SamplingParams;
import dev.longhand.kernels.tensor.DType;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.nio.file.Path;

/**
 * A model with one greedy sequence and no scheduler around it, so that a benchmark decides what
 * stands in the cache and what a step computes.
 */
final class ModelSession implements AutoCloseable {
    /** Positions that are really prefilled; the rest of a long context repeats their pages. */
    private static final int PREFILLED = 256;

    /** Room after the context; the decode benchmarks walk through it again and again. */
    private static final int DECODE_POSITIONS = 256;

    private final Checkpoint checkpoint;
    private final Arena hostMemory;
    private final ComputeBackend backend;
    private final DecoderOps ops;
    private final Qwen2Model model;
    private final KvCache kv;
    private final StepBatch batch;
    private final SamplerState[] samplers;
    private final int vocabulary;
    private int token = 1;

    /**
     * Opens a model.
     *
     * @param folder Hugging Face folder
     * @param backend the session closes it
     * @param ops the ops of the backend, or others that delegate to them
     * @param quantized what linear layers are quantised to; null leaves them as they are stored
     * @param context positions that {@link #fillContext} will fill
     * @param rowsMax the largest step
     */
    @SuppressWarnings("MustBeClosedChecker") // the session closes it
    ModelSession(
            Path folder,
            ComputeBackend backend,
            DecoderOps ops,
            @Nullable DType quantized,
            DType kvDtype,
            int context,
            int rowsMax) {
        this.backend = backend;
        this.ops = ops;
        ModelConfig config = ModelConfig.read(folder);
        checkpoint = Checkpoint.open(folder);
        hostMemory = Arena.ofShared();
        int positions = context + Math.max(rowsMax, DECODE_POSITIONS);
        model =
                new Qwen2Model(
                        Qwen2Weights.bind(
                                checkpoint,
                                config,
                                backend,
                                new LinearWeights(checkpoint, config, quantized),
                                LoadProgress.SILENT,
                                hostMemory),
                        config,
                        backend,
                        ops,
                        new StepSize(Math.max(rowsMax, PREFILLED), 1, positions),
                        hostMemory);
        int pages = KvShape.pagesFor(positions);
        kv =
                backend.allocateKv(
                        new KvShape(
                                config.layers(),
                                pages,
                                config.kvHeads(),
                                config.headDim(),
                                kvDtype));
        batch = backend.allocateBatch(Math.max(rowsMax, PREFILLED), 1, pages);
        for (int page = 0; page < pages; page++) {
            batch.setPage(0, page, page);
        }
        vocabulary = config.vocabSize();
        samplers = new SamplerState[] {new SamplerState(SamplingParams.GREEDY, vocabulary)};
    }

    /**
     * Fills positions 0 to {@code context}: the first 256 by a prefill, the others with copies of
     * their pages; the time of a decode step does not depend on the values.
     */
    void fillContext(int context) {
        if (context == 0) {
            return;
        }
        prefill(Math.min(context, PREFILLED));
        int source = KvShape.pagesFor(PREFILLED);
        for (int page = source; page < KvShape.pagesFor(context); page++) {
            backend.copyPage(kv, page % source, page);
        }
    }

    /** Runs the first {@code rows} positions in one step; returns the token that follows. */
    int prefill(int rows) {
        batch.clear();
        for (int position = 0; position < rows; position++) {
            // Tokens spread over the vocabulary, the same in every run.
            batch.add((int) (position * 2_654_435_761L % vocabulary), position, 0);
        }
        batch.select();
        return step();
    }

    /** Decodes one token as number {@code index} after a context. */
    int decode(int context, int index) {
        batch.clear();
        batch.add(token, context + index % DECODE_POSITIONS, 0);
        batch.select();
        return step();
    }

    private int step() {
        model.forward(batch, kv);
        ops.sample(model.logits(), samplers, 1);
        token = samplers[0].token();
        return token;
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
