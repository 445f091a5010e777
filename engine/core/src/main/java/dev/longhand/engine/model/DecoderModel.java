package dev.longhand.engine.model;

import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.architecture.ModelLayout;
import dev.longhand.engine.architecture.Projection.Group;
import dev.longhand.engine.memory.StepSize;
import dev.longhand.kernels.attention.AttentionOptions;
import dev.longhand.kernels.backend.BackendMemory;
import dev.longhand.kernels.backend.DecoderOps;
import dev.longhand.kernels.batch.StepBatch;
import dev.longhand.kernels.kvcache.KvCache;
import dev.longhand.kernels.matmul.Linear;
import dev.longhand.kernels.norm.Norm;
import dev.longhand.kernels.rope.RopeTable;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The forward pass of a decoder model, shared by all families and backends. Notation: R rows in the
 * step, H hidden size, Q query heads and K key/value heads of D elements, I intermediate size, V
 * vocabulary rows, S rows that need logits.
 *
 * <p>Activations are allocated once for the largest step; a step allocates nothing.
 */
public final class DecoderModel {
    private final ModelConfig config;
    private final DecoderOps ops;
    private final DecoderWeights weights;
    private final Runnable requireSound;
    private final List<AttentionOptions> attention; // by layer
    private final Tensor rope; // [positions, D]

    private final Tensor hidden; // [R, H] the residual stream
    private final Tensor normed; // [R, H] also an output that takes a norm
    private final Tensor qkv; // [R, (Q + 2K) D]
    private final Tensor attended; // [R, Q D]
    private final Tensor gateUp; // [R, 2I]
    private final Tensor activated; // [R, I]
    private final Tensor selected; // [S, H]
    private final Tensor selectedNormed; // [S, H]
    private final Tensor logits; // [S, V]

    /**
     * Allocates the activations on a backend and builds the RoPE table in the arena.
     *
     * @param weights bound to the same backend
     * @param memory of the backend
     * @param ops of the same backend
     * @param size the largest step and context
     * @param hostMemory holds the RoPE table; must live as long as the backend
     * @param requireSound runs after every step; throws if the step's weights were not those that
     *     were bound
     */
    public DecoderModel(
            DecoderWeights weights,
            ModelConfig config,
            BackendMemory memory,
            DecoderOps ops,
            StepSize size,
            Arena hostMemory,
            Runnable requireSound) {
        this.requireSound = requireSound;
        this.weights = weights;
        this.config = config;
        attention = IntStream.range(0, config.layers()).mapToObj(config::attention).toList();
        this.ops = ops;
        rope =
                memory.place(
                        RopeTable.build(
                                hostMemory,
                                config.rope().inverseFrequencies(config.headDim()),
                                config.rope().attentionScaling(),
                                size.positionsMax()));
        int rows = size.rowsMax();
        ModelLayout layout = config.layout();
        hidden = activations(memory, rows, config.hiddenSize());
        normed = activations(memory, rows, config.hiddenSize());
        qkv = activations(memory, rows, layout.outputs(Group.QKV));
        attended = activations(memory, rows, layout.inputs(Group.OUTPUT));
        gateUp = activations(memory, rows, layout.outputs(Group.GATE_UP));
        activated = activations(memory, rows, layout.inputs(Group.DOWN));
        selected = activations(memory, size.logitRowsMax(), config.hiddenSize());
        selectedNormed = activations(memory, size.logitRowsMax(), config.hiddenSize());
        logits = activations(memory, size.logitRowsMax(), config.vocabSize());
    }

    private static Tensor activations(BackendMemory memory, int rows, int width) {
        return memory.allocate(DType.F32, Shape.of(rows, width));
    }

    /** Returns the model's configuration. */
    public ModelConfig config() {
        return config;
    }

    /** Returns the model's weights. */
    public DecoderWeights weights() {
        return weights;
    }

    /**
     * Runs one step: appends keys and values of every row to {@code kv} and leaves the logits of
     * the selected rows in {@link #logits()}.
     *
     * @throws dev.longhand.engine.error.FileChangedException if the weights changed meanwhile
     */
    public void forward(StepBatch batch, KvCache kv) {
        if (!ops.replayStep(batch, kv)) {
            try {
                compute(batch, kv);
                ops.endStep(batch, kv);
            } catch (RuntimeException | Error e) {
                ops.abandonStep();
                throw e;
            }
        }
        requireSound.run();
    }

    private void compute(StepBatch batch, KvCache kv) {
        ops.embed(weights.embedding(), config.traits().scales().embedding(), batch, hidden);
        for (int i = 0; i < weights.layers().size(); i++) {
            DecoderWeights.Layer layer = weights.layers().get(i);

            ops.applyNormed(layer.qkv(), hidden, layer.inputNorm(), normed, qkv, batch);
            ops.ropeAppend(qkv, rope, layer.headNorms(), batch, kv, i);
            ops.attention(qkv, attention.get(i), batch, kv, i, attended);
            addToHidden(layer.output(), attended, layer.attentionNorm(), batch);

            ops.applyGated(
                    layer.gateUp(),
                    hidden,
                    layer.mlpNorm(),
                    config.traits().activation(),
                    normed,
                    gateUp,
                    activated,
                    batch);
            addToHidden(layer.down(), activated, layer.outputNorm(), batch);
        }
        if (batch.selectedCount() > 0) {
            ops.gatherSelected(hidden, batch, selected);
            ops.applyNormed(
                    weights.head(),
                    selected,
                    weights.finalNorm(),
                    selectedNormed,
                    logits,
                    batch.selection());
            float cap = config.traits().scales().logitCap();
            if (cap > 0) {
                ops.softCap(logits, cap, batch.selectedCount());
            }
        }
    }

    /** hidden += linear(x), or its norm. */
    private void addToHidden(Linear linear, Tensor x, @Nullable Norm norm, StepBatch batch) {
        ops.applyLinear(linear, x, norm == null ? hidden : normed, batch, norm == null);
        if (norm != null) {
            ops.rmsNorm(normed, norm, hidden, batch.rows(), true);
        }
    }

    /** Returns the logits of the last step, [selected rows, vocabulary]. */
    public Tensor logits() {
        return logits;
    }
}
