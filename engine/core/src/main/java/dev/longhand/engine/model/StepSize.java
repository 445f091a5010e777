package dev.longhand.engine.model;

import dev.longhand.kernels.backend.StepShape;

/**
 * The largest step that activations are allocated for.
 *
 * @param rowsMax rows: decode rows and prompt rows together
 * @param logitRowsMax rows that may want logits
 * @param positionsMax positions that a sequence may reach, prompt and output
 */
public record StepSize(int rowsMax, int logitRowsMax, int positionsMax) {
    /** Bytes of all activations of a model of this size. */
    public long activationBytes(ModelConfig config) {
        long queries = (long) config.heads() * config.headDim();
        long keys = (long) config.kvHeads() * config.headDim();
        long perRow =
                2L * config.hiddenSize()
                        + (queries + 2 * keys)
                        + queries
                        + 3L * config.intermediateSize();
        long perLogitRow = 2L * config.hiddenSize() + config.vocabSize();
        return Float.BYTES * (rowsMax * perRow + logitRowsMax * perLogitRow);
    }

    /** What the scratch memory of a backend depends on. */
    public StepShape shape(ModelConfig config) {
        int queries = config.heads() * config.headDim();
        return new StepShape(
                rowsMax,
                logitRowsMax,
                config.vocabSize(),
                Math.max(queries, Math.max(config.hiddenSize(), config.intermediateSize())),
                2 * config.intermediateSize());
    }

    /** Bytes of the RoPE table. */
    public long ropeBytes(ModelConfig config) {
        return (long) Float.BYTES * positionsMax * config.headDim();
    }
}
