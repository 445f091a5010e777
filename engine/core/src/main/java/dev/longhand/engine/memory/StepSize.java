package dev.longhand.engine.memory;

import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.architecture.ModelLayout;
import dev.longhand.engine.architecture.Projection.Group;
import dev.longhand.kernels.backend.StepShape;

/**
 * The largest step that activations are allocated for.
 *
 * @param rowsMax maximum rows, decode and prefill together
 * @param logitRowsMax maximum rows that need logits
 * @param sequencesMax maximum sequences that decode together
 * @param positionsMax maximum positions of a sequence, prompt and output together
 */
public record StepSize(int rowsMax, int logitRowsMax, int sequencesMax, int positionsMax) {
    /** Returns the bytes of a model's activations for this step size. */
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

    /** Returns the dimensions that determine a backend's scratch memory. */
    public StepShape shape(ModelConfig config) {
        ModelLayout layout = config.layout();
        return new StepShape(
                rowsMax,
                logitRowsMax,
                config.vocabSize(),
                Math.max(
                        config.hiddenSize(),
                        Math.max(layout.inputs(Group.OUTPUT), layout.inputs(Group.DOWN))),
                layout.outputs(Group.GATE_UP),
                sequencesMax,
                config.heads(),
                config.headDim(),
                positionsMax);
    }

    /** Returns the bytes of the RoPE table. */
    public long ropeBytes(ModelConfig config) {
        return (long) Float.BYTES * positionsMax * config.headDim();
    }
}
