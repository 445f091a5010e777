package dev.longhand.training.model;

import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.architecture.Projection;
import dev.longhand.kernels.tensor.Tensor;

import org.jspecify.annotations.Nullable;

import java.util.EnumMap;
import java.util.Map;

/**
 * The values of one layer and one sequence that the backward pass needs. All are [rows, width].
 *
 * @param q rotated queries
 * @param k rotated keys
 * @param rawQ queries before the norms of their heads; null if the family has none
 * @param rawK keys likewise
 * @param v values
 * @param attended output of attention
 * @param lse log-sum-exp of each query's scores
 * @param output output of attention's linear layer; null unless the family has a norm for it
 * @param middle residual stream between attention and MLP
 * @param gate gate of the MLP, of all rows or of one tile
 * @param up up projection, of as many rows
 * @param mlpOutput output of the MLP, of as many rows; null together with {@code output}
 * @param shrunk t of each adapted projection, of the rows of its output
 */
record LayerActivations(
        Tensor q,
        Tensor k,
        @Nullable Tensor rawQ,
        @Nullable Tensor rawK,
        Tensor v,
        Tensor attended,
        Tensor lse,
        @Nullable Tensor output,
        Tensor middle,
        Tensor gate,
        Tensor up,
        @Nullable Tensor mlpOutput,
        Map<Projection, Tensor> shrunk) {
    /**
     * Allocates memory.
     *
     * @param rows positions of the longest sequence
     * @param mlpRows rows of the MLP that are kept
     * @param rank rank of the adapter's t; 0 without an adapter
     */
    static LayerActivations allocate(
            TensorMemory memory, ModelConfig model, int rows, int mlpRows, int rank) {
        int queries = model.heads() * model.headDim();
        int keys = model.kvHeads() * model.headDim();
        boolean headNorms = model.traits().norms().ofHeads();
        boolean outputNorms = model.traits().norms().ofOutputs();
        Map<Projection, Tensor> shrunk = new EnumMap<>(Projection.class);
        for (Projection projection : Projection.values()) {
            int count = inMlp(projection) ? mlpRows : rows;
            if (rank > 0) {
                shrunk.put(projection, memory.rows(count, rank));
            }
        }
        return new LayerActivations(
                memory.rows(rows, queries),
                memory.rows(rows, keys),
                headNorms ? memory.rows(rows, queries) : null,
                headNorms ? memory.rows(rows, keys) : null,
                memory.rows(rows, keys),
                memory.rows(rows, queries),
                memory.rows(rows, model.heads()),
                outputNorms ? memory.rows(rows, model.hiddenSize()) : null,
                memory.rows(rows, model.hiddenSize()),
                memory.rows(mlpRows, model.intermediateSize()),
                memory.rows(mlpRows, model.intermediateSize()),
                outputNorms ? memory.rows(mlpRows, model.hiddenSize()) : null,
                shrunk);
    }

    static boolean inMlp(Projection projection) {
        return projection.group() == Projection.Group.GATE_UP
                || projection.group() == Projection.Group.DOWN;
    }

    /** Returns views of the first rows of the tensors that hold whole sequences. */
    LayerActivations view(int rows) {
        return new LayerActivations(
                RowView.of(q, 0, rows),
                RowView.of(k, 0, rows),
                rawQ == null ? null : RowView.of(rawQ, 0, rows),
                rawK == null ? null : RowView.of(rawK, 0, rows),
                RowView.of(v, 0, rows),
                RowView.of(attended, 0, rows),
                RowView.of(lse, 0, rows),
                output == null ? null : RowView.of(output, 0, rows),
                RowView.of(middle, 0, rows),
                gate,
                up,
                mlpOutput,
                shrunk);
    }
}
