package dev.longhand.training.model;

import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.kernels.tensor.HostTensor;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/**
 * The memory of one sequence in training: the input of every layer, the activations of one layer
 * (which are recomputed) or of all, and the gradients that pass through a layer. Nothing in it has
 * tokens times vocabulary elements: the head takes {@link #HEAD_ROWS} labels at a time.
 */
final class SequenceMemory implements AutoCloseable {
    /** Rows of the MLP at a time: whole steps of the products' sums over rows, 384. */
    static final int MLP_ROWS = 1536;

    /** Rows of logits at a time. */
    static final int HEAD_ROWS = 256;

    private final @Nullable Arena arena;
    private final TensorMemory memory;
    private final int capacity;
    private final List<HostTensor> inputs = new ArrayList<>();
    private final List<LayerActivations> layers = new ArrayList<>();
    private final HostTensor normed;
    private final HostTensor dnormed;
    private final HostTensor dattended;
    private final HostTensor dq;
    private final HostTensor dk;
    private final HostTensor dv;
    private final HostTensor dx;
    private final HostTensor activated;
    private final HostTensor dactivated;
    private final HostTensor logits;
    private final List<HostTensor> headRows = new ArrayList<>();
    private final AdapterScratch adapterScratch;

    /**
     * Allocates the memory.
     *
     * @param arena owned from now on; null only counts bytes
     * @param capacity positions of the longest sequence
     * @param recompute whether the activations of one layer are kept, not of all
     */
    SequenceMemory(
            @Nullable Arena arena,
            ModelConfig model,
            TrainingMethod method,
            int capacity,
            boolean recompute) {
        this.arena = arena;
        this.capacity = capacity;
        memory = new TensorMemory(arena);
        int hidden = model.hiddenSize();
        int queries = model.heads() * model.headDim();
        int keys = model.kvHeads() * model.headDim();
        int mlpRows = Math.min(capacity, MLP_ROWS);
        int rank = method instanceof LoraSettings lora ? lora.rank() : 0;
        for (int i = 0; i <= model.layers(); i++) {
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
    HostTensor input(int layer, int rows) {
        return RowView.of(inputs.get(layer), 0, rows);
    }

    LayerActivations activations(int layer, int rows) {
        return layers.get(layer % layers.size()).view(rows);
    }

    HostTensor normed(int rows) {
        return RowView.of(normed, 0, rows);
    }

    HostTensor dnormed(int rows) {
        return RowView.of(dnormed, 0, rows);
    }

    HostTensor dattended(int rows) {
        return RowView.of(dattended, 0, rows);
    }

    HostTensor dq(int rows) {
        return RowView.of(dq, 0, rows);
    }

    HostTensor dk(int rows) {
        return RowView.of(dk, 0, rows);
    }

    HostTensor dv(int rows) {
        return RowView.of(dv, 0, rows);
    }

    /** Returns the gradient of the residual stream. */
    HostTensor dx(int rows) {
        return RowView.of(dx, 0, rows);
    }

    HostTensor activated(int rows) {
        return RowView.of(activated, 0, rows);
    }

    HostTensor dactivated(int rows) {
        return RowView.of(dactivated, 0, rows);
    }

    HostTensor logits(int rows) {
        return RowView.of(logits, 0, rows);
    }

    /** Returns one of four tensors [rows, hidden] of the head. */
    HostTensor headRows(int index, int rows) {
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
    }
}
