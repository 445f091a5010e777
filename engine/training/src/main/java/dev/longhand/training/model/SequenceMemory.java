package dev.longhand.training.model;

import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.kernels.backend.TensorArena;
import dev.longhand.kernels.backend.TrainingBackend;
import dev.longhand.kernels.tensor.Tensor;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/**
 * The memory of one sequence in training: the input of every layer, the activations of one layer
 * (which are recomputed) or of all, and the gradients that pass through a layer. Nothing in it has
 * tokens times vocabulary elements: the head takes {@link #HEAD_ROWS} labels at a time.
 */
final class SequenceMemory implements AutoCloseable {
    /** Rows of the MLP at a time: whole steps of the products' sums over rows, 256 or 512. */
    static final int MLP_ROWS = 1536;

    /** Rows of logits at a time. */
    static final int HEAD_ROWS = 256;

    private static final int INPUTS_ON_DEVICE = 2; // a layer's input and its output

    private final @Nullable TensorArena arena;
    private final @Nullable HostInputs hostInputs;
    private final TensorMemory memory;
    private final int capacity;
    private final List<Tensor> inputs = new ArrayList<>();
    private final List<LayerActivations> layers = new ArrayList<>();
    private final Tensor normed;
    private final Tensor dnormed;
    private final Tensor dattended;
    private final Tensor dq;
    private final Tensor dk;
    private final Tensor dv;
    private final Tensor dx;
    private final Tensor activated;
    private final Tensor dactivated;
    private final Tensor logits;
    private final List<Tensor> headRows = new ArrayList<>();
    private final AdapterScratch adapterScratch;

    /**
     * Allocates the memory.
     *
     * @param arena owned from now on; null only counts bytes
     * @param capacity positions of the longest sequence
     * @param options how it is used
     */
    SequenceMemory(
            @Nullable TensorArena arena, ModelConfig model, DecoderOptions options, int capacity) {
        TrainingMethod method = options.method();
        boolean recompute = options.recompute();
        boolean inputsOnHost = options.layout().inputsOnHost();
        this.arena = arena;
        this.capacity = capacity;
        memory = new TensorMemory(arena);
        int hidden = model.hiddenSize();
        int queries = model.heads() * model.headDim();
        int keys = model.kvHeads() * model.headDim();
        int mlpRows = Math.min(capacity, MLP_ROWS);
        int rank = method instanceof LoraSettings lora ? lora.rank() : 0;
        hostInputs =
                inputsOnHost && arena != null
                        ? new HostInputs(model.layers(), capacity, hidden)
                        : null;
        for (int i = 0; i < (inputsOnHost ? INPUTS_ON_DEVICE : model.layers() + 1); i++) {
            inputs.add(memory.rows(capacity, hidden));
        }
        for (int i = 0; i < (recompute ? 1 : model.layers()); i++) {
            layers.add(
                    LayerActivations.allocate(
                            memory, model, capacity, recompute ? mlpRows : capacity, rank));
        }
        normed = memory.rows(capacity, hidden);
        dnormed = memory.rows(capacity, hidden);
        dattended = memory.rows(capacity, queries);
        dq = memory.rows(capacity, queries);
        dk = memory.rows(capacity, keys);
        dv = memory.rows(capacity, keys);
        dx = memory.rows(capacity, hidden);
        activated = memory.rows(mlpRows, model.intermediateSize());
        dactivated = memory.rows(mlpRows, model.intermediateSize());
        int labels = Math.min(capacity, HEAD_ROWS);
        logits = memory.rows(labels, model.vocabSize());
        for (int i = 0; i < 4; i++) {
            headRows.add(memory.rows(labels, hidden));
        }
        boolean dropout = method instanceof LoraSettings lora && lora.dropout() > 0;
        long widest =
                Math.max(
                        (long) capacity * Math.max(hidden, queries),
                        (long) mlpRows * model.intermediateSize());
        adapterScratch =
                new AdapterScratch(
                        memory, Math.max(1, (long) capacity * rank), dropout ? widest : 1);
    }

    int capacity() {
        return capacity;
    }

    long bytes() {
        return memory.bytes();
    }

    /** Returns the input of a layer; that of the layer after the last is the model's output. */
    Tensor input(int layer, int rows) {
        return RowView.of(inputs.get(layer % inputs.size()), 0, rows);
    }

    /** Keeps the input of a layer, before that of the layer after the next takes its place. */
    void keepInput(TrainingBackend backend, int layer, int rows) {
        if (hostInputs != null) {
            hostInputs.keep(backend, layer, input(layer, rows));
        }
    }

    /** Brings the input of a layer back. */
    void restoreInput(TrainingBackend backend, int layer, int rows) {
        if (hostInputs != null) {
            hostInputs.restore(backend, layer, input(layer, rows));
        }
    }

    LayerActivations activations(int layer, int rows) {
        return layers.get(layer % layers.size()).view(rows);
    }

    Tensor normed(int rows) {
        return RowView.of(normed, 0, rows);
    }

    Tensor dnormed(int rows) {
        return RowView.of(dnormed, 0, rows);
    }

    Tensor dattended(int rows) {
        return RowView.of(dattended, 0, rows);
    }

    Tensor dq(int rows) {
        return RowView.of(dq, 0, rows);
    }

    Tensor dk(int rows) {
        return RowView.of(dk, 0, rows);
    }

    Tensor dv(int rows) {
        return RowView.of(dv, 0, rows);
    }

    /** Returns the gradient of the residual stream. */
    Tensor dx(int rows) {
        return RowView.of(dx, 0, rows);
    }

    Tensor activated(int rows) {
        return RowView.of(activated, 0, rows);
    }

    Tensor dactivated(int rows) {
        return RowView.of(dactivated, 0, rows);
    }

    Tensor logits(int rows) {
        return RowView.of(logits, 0, rows);
    }

    /** Returns one of four tensors [rows, hidden] of the head. */
    Tensor headRows(int index, int rows) {
        return RowView.of(headRows.get(index), 0, rows);
    }

    AdapterScratch adapterScratch() {
        return adapterScratch;
    }

    @Override
    public void close() {
        if (arena != null) {
            arena.close();
        }
        if (hostInputs != null) {
            hostInputs.close();
        }
    }
}
