package dev.longhand.bench.generation;

import dev.longhand.bench.model.ModelChoice;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.memory.StepSize;
import dev.longhand.engine.model.DecoderModel;
import dev.longhand.engine.model.LoadedModel;
import dev.longhand.engine.model.ModelLoader;
import dev.longhand.engine.status.LoadProgress;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.backend.DecoderOps;
import dev.longhand.kernels.batch.StepBatch;
import dev.longhand.kernels.kvcache.KvShape;
import dev.longhand.kernels.sampling.SamplerState;
import dev.longhand.kernels.sampling.SamplingParams;

import java.nio.file.Path;

/**
 * A model that runs one greedy sequence without a scheduler, so that a benchmark controls the cache
 * and the rows of each step.
 */
public final class ModelSession implements AutoCloseable {
    /** Positions that are prefilled; the rest of a long context repeats their pages. */
    private static final int PREFILLED = 256;

    /** Positions after the context, which decode steps use cyclically. */
    private static final int DECODE_POSITIONS = 256;

    private final ModelLoader loader;
    private final LoadedModel loaded;
    private final StepBatch batch;
    private final SamplerState[] samplers;
    private final int vocabulary;
    private int token = 1;

    /**
     * Opens a model on its device.
     *
     * @param context the number of positions that {@link #fillContext} will fill
     * @param rowsMax the number of rows of the largest step
     */
    public static ModelSession open(ModelChoice choice, int context, int rowsMax) {
        ComputeBackend backend = choice.openBackend();
        return new ModelSession(choice, backend, backend, context, rowsMax);
    }

    /**
     * Opens a model.
     *
     * @param backend the backend, which the session closes
     * @param ops the backend, or a decorator of it
     * @param context the number of positions that {@link #fillContext} will fill
     * @param rowsMax the number of rows of the largest step
     */
    ModelSession(
            ModelChoice choice, ComputeBackend backend, DecoderOps ops, int context, int rowsMax) {
        Path folder = choice.folder();
        ModelConfig config = ModelConfig.read(folder);
        loader = ModelLoader.open(folder, config, choice.quantized(), () -> backend);
        int positions = context + Math.max(rowsMax, DECODE_POSITIONS);
        int pages = KvShape.pagesFor(positions);
        loaded =
                loader.load(
                        ops,
                        new StepSize(Math.max(rowsMax, PREFILLED), 1, 1, positions),
                        config.kvShape(
                                pages,
                                choice.kv() == null
                                        ? backend.capabilities().kvDtype()
                                        : choice.kv()),
                        LoadProgress.SILENT);
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
    public void fillContext(int context) {
        if (context == 0) {
            return;
        }
        prefill(Math.min(context, PREFILLED));
        int source = KvShape.pagesFor(PREFILLED);
        for (int page = source; page < KvShape.pagesFor(context); page++) {
            loader.backend().copyPage(loaded.kv(), page % source, page);
        }
    }

    /** Runs the first {@code rows} positions in one step; returns the token that follows. */
    public int prefill(int rows) {
        batch.clear();
        for (int position = 0; position < rows; position++) {
            // Tokens spread over the vocabulary, the same in every run.
            batch.add((int) (position * 2_654_435_761L % vocabulary), position, 0);
        }
        batch.select();
        return step();
    }

    /**
     * Decodes one token, the {@code index}-th after a context; positions repeat after 256 tokens.
     */
    public int decode(int context, int index) {
        batch.clear();
        batch.add(token, context + index % DECODE_POSITIONS, 0);
        batch.select();
        return step();
    }

    private int step() {
        DecoderModel model = loaded.model();
        model.forward(batch, loaded.kv());
        loaded.ops().sample(model.logits(), samplers, 1);
        token = samplers[0].token();
        return token;
    }

    @Override
    public void close() {
        batch.close();
        loaded.close();
        loader.close();
    }
}
