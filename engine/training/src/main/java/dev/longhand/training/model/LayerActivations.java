package dev.longhand.training.model;

import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.architecture.Projection;
import dev.longhand.kernels.tensor.HostTensor;

import java.util.EnumMap;
import java.util.Map;

/**
 * The values of one layer and one sequence that the backward pass needs. All are [rows, width].
 *
 * @param q rotated queries
 * @param k rotated keys
 * @param v values
 * @param attended output of attention
 * @param lse log-sum-exp of each query's scores
 * @param middle residual stream between attention and MLP
 * @param gate gate of the MLP, of all rows or of one tile
 * @param up up projection, of as many rows
 * @param shrunk t of each adapted projection, of the rows of its output
 */
record LayerActivations(
        HostTensor q,
        HostTensor k,
        HostTensor v,
        HostTensor attended,
        HostTensor lse,
        HostTensor middle,
        HostTensor gate,
        HostTensor up,
        Map<Projection, HostTensor> shrunk) {
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
        Map<Projection, HostTensor> shrunk = new EnumMap<>(Projection.class);
        for (Projection projection : Projection.values()) {
            int count = inMlp(projection) ? mlpRows : rows;
            if (rank > 0) {
                shrunk.put(projection, memory.rows(count, rank));
            }
        }
        return new LayerActivations(
                memory.rows(rows, queries),
                memory.rows(rows, keys),
                memory.rows(rows, keys),
                memory.rows(rows, queries),
                memory.rows(rows, model.heads()),
                memory.rows(rows, model.hiddenSize()),
                memory.rows(mlpRows, model.intermediateSize()),
                memory.rows(mlpRows, model.intermediateSize()),
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
                RowView.of(v, 0, rows),
                RowView.of(attended, 0, rows),
                RowView.of(lse, 0, rows),
                RowView.of(middle, 0, rows),
                gate,
                up,
                shrunk);
    }
}
