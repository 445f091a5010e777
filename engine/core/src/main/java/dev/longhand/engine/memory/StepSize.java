package dev.longhand.engine.memory;

import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.architecture.ModelLayout;
import dev.longhand.engine.architecture.Projection.Group;
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
        ModelLayout layout = config.layout();
        long perRow =
                2L * config.hiddenSize()
                        + layout.outputs(Group.QKV)
                        + layout.inputs(Group.OUTPUT)
                        + layout.outputs(Group.GATE_UP)
                        + layout.inputs(Group.DOWN);
        long perLogitRow = 2L * config.hiddenSize() + config.vocabSize();
        return Float.BYTES * (rowsMax * perRow + logitRowsMax * perLogitRow);
    }

    /** What the scratch memory of a backend depends on. */
    public StepShape shape(ModelConfig config) {
        ModelLayout layout = config.layout();
        return new StepShape(
                rowsMax,
                logitRowsMax,
                config.vocabSize(),
                Math.max(
                        config.hiddenSize(),
                        Math.max(layout.inputs(Group.OUTPUT), layout.inputs(Group.DOWN))),
                layout.outputs(Group.GATE_UP));
    }

    /** Bytes of the RoPE table. */
    public long ropeBytes(ModelConfig config) {
        return (long) Float.BYTES * positionsMax * config.headDim();
    }
}
