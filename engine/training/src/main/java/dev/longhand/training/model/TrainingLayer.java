package dev.longhand.training.model;

import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.architecture.Projection;
import dev.longhand.kernels.activation.Activation;
import dev.longhand.kernels.attention.AttentionOptions;
import dev.longhand.kernels.attention.CausalAttention;
import dev.longhand.kernels.backend.TrainingBackend;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * One transformer layer in training:
 *
 * <pre>
 * n = norm(x)           q, k = rotated(n Wq', n Wk')        v = n Wv'
 * m = x + attention(q, k, v) Wo'
 * y = m + (a(g) u) Wdown'     with g = norm(m) Wgate', u = norm(m) Wup', a the activation
 * </pre>
 *
 * In some families the heads of n Wq' and n Wk' take norms before the rotation, or what is added to
 * x and to m takes a norm first.
 *
 * <p>The MLP takes {@link SequenceMemory#MLP_ROWS} rows at a time, so that nothing of its width
 * exists for all rows unless it is kept.
 */
final class TrainingLayer {
    private final TrainingBackend backend;
    private final ModelConfig model;
    private final AttentionOptions options;
    private final Tensor rope;
    private final Weights inputNorm;
    private final @Nullable Weights queryNorm;
    private final @Nullable Weights keyNorm;
    private final @Nullable Weights attentionNorm;
    private final Weights middleNorm;
    private final @Nullable Weights outputNorm;
    private final Map<Projection, TrainingLinear> linears;

    TrainingLayer(
            TrainingBackend backend,
            ModelConfig model,
            AttentionOptions options,
            Tensor rope,
            Weights inputNorm,
            @Nullable Weights queryNorm,
            @Nullable Weights keyNorm,
            @Nullable Weights attentionNorm,
            Weights middleNorm,
            @Nullable Weights outputNorm,
            Map<Projection, TrainingLinear> linears) {
        this.backend = backend;
        this.model = model;
        this.options = options;
        this.rope = rope;
        this.inputNorm = inputNorm;
        this.queryNorm = queryNorm;
        this.keyNorm = keyNorm;
        this.attentionNorm = attentionNorm;
        this.middleNorm = middleNorm;
        this.outputNorm = outputNorm;
        this.linears = linears;
    }

    /** Returns the matrices that are not trained. */
    List<Tensor> frozen() {
        List<Tensor> frozen = new ArrayList<>();
        for (TrainingLinear linear : linears.values()) {
            Tensor weights = linear.frozen();
            if (weights != null) {
                frozen.add(weights);
            }
        }
        return frozen;
    }

    private TrainingLinear linear(Projection projection) {
        return Objects.requireNonNull(linears.get(projection));
    }

    private static @Nullable Shrunk shrunk(
            SequencePass pass, LayerActivations kept, Projection projection, int first) {
        Tensor t = kept.shrunk().get(projection);
        return t == null ? null : new Shrunk(t, first, pass.memory().adapterScratch());
    }

    private CausalAttention attention(SequencePass pass) {
        return new CausalAttention(
                pass.rows(), model.heads(), model.kvHeads(), model.headDim(), options);
    }

    private void norm(Tensor x, Weights weight, Tensor out) {
        backend.rmsNorm(x, weight.values(), model.rmsNormEps(), out, false);
    }

    /**
     * Adds the output of a linear layer to the residual stream.
     *
     * @param norm of the output, or null
     * @param raw receives the output if it takes a norm
     */
    private void addOutput(
            TrainingLinear linear,
            Tensor x,
            @Nullable Weights norm,
            @Nullable Tensor raw,
            Tensor residual,
            @Nullable Shrunk shrunk,
            TrainingLinear.RowRange range) {
        if (norm == null || raw == null) {
            linear.forward(x, residual, true, shrunk, range);
            return;
        }
        linear.forward(x, raw, false, shrunk, range);
        backend.rmsNorm(raw, norm.values(), model.rmsNormEps(), residual, true);
    }

    /**
     * Returns the gradient of the output of a linear layer, given that of the residual stream.
     *
     * @param scratch of the shape of the output
     */
    private Tensor outputBackward(
            @Nullable Weights norm, @Nullable Tensor raw, Tensor dresidual, Tensor scratch) {
        if (norm == null || raw == null) {
            return dresidual;
        }
        backend.clear(scratch);
        normBackward(raw, norm, dresidual, scratch);
        return scratch;
    }

    private void normBackward(Tensor x, Weights weight, Tensor dout, Tensor dx) {
        backend.rmsNormBackward(
                x, weight.values(), model.rmsNormEps(), dout, dx, weight.gradient());
    }

    /** Returns the heads of some rows as rows of their own. */
    private Tensor heads(Tensor rows) {
        int headDim = model.headDim();
        return rows.view(0, Shape.of(rows.shape().elements() / headDim, headDim));
    }

    /** Computes queries or keys, with the norm of their heads if the family has one. */
    private void projectHeads(
            SequencePass pass,
            LayerActivations kept,
            Projection projection,
            @Nullable Weights norm,
            @Nullable Tensor raw,
            Tensor normed,
            Tensor out) {
        if (norm == null || raw == null) {
            project(pass, kept, projection, normed, out);
        } else {
            project(pass, kept, projection, normed, raw);
            norm(heads(raw), norm, heads(out));
        }
        backend.rotate(out, rope, false);
    }

    /**
     * Returns the gradient of projected queries or keys, given that of the rotated ones, which is
     * rotated back in place.
     *
     * @param scratch at least as many elements
     */
    private Tensor headsBackward(
            @Nullable Weights norm, @Nullable Tensor raw, Tensor dout, Tensor scratch) {
        backend.rotate(dout, rope, true);
        if (norm == null || raw == null) {
            return dout;
        }
        Tensor dx = scratch.view(0, dout.shape());
        backend.clear(dx);
        normBackward(heads(raw), norm, heads(dout), heads(dx));
        return dx;
    }

    private void project(
            SequencePass pass, LayerActivations kept, Projection projection, Tensor x, Tensor out) {
        linear(projection).forward(x, out, false, shrunk(pass, kept, projection, 0), pass.range(0));
    }

    /** Computes the output y of the layer from x, and the values that the backward pass needs. */
    void forward(SequencePass pass, LayerActivations kept, Tensor x, Tensor y) {
        forwardAttention(pass, kept, x);
        backend.copy(kept.middle(), y);
        for (int first = 0; first < pass.rows(); first += SequenceMemory.MLP_ROWS) {
            int rows = pass.tile(first);
            int at = pass.mlpRow(first);
            addOutput(
                    linear(Projection.DOWN),
                    forwardGated(pass, kept, first),
                    outputNorm,
                    rowsOrNull(kept.mlpOutput(), at, rows),
                    RowView.of(y, first, rows),
                    shrunk(pass, kept, Projection.DOWN, at),
                    pass.range(first));
        }
    }

    private void forwardAttention(SequencePass pass, LayerActivations kept, Tensor x) {
        Tensor normed = pass.memory().normed(pass.rows());
        norm(x, inputNorm, normed);
        projectHeads(pass, kept, Projection.Q, queryNorm, kept.rawQ(), normed, kept.q());
        projectHeads(pass, kept, Projection.K, keyNorm, kept.rawK(), normed, kept.k());
        project(pass, kept, Projection.V, normed, kept.v());
        backend.attention(
                attention(pass), kept.q(), kept.k(), kept.v(), kept.attended(), kept.lse());
        backend.copy(x, kept.middle());
        addOutput(
                linear(Projection.O),
                kept.attended(),
                attentionNorm,
                kept.output(),
                kept.middle(),
                shrunk(pass, kept, Projection.O, 0),
                pass.range(0));
    }

    private static @Nullable Tensor rowsOrNull(@Nullable Tensor tensor, int first, int rows) {
        return tensor == null ? null : RowView.of(tensor, first, rows);
    }

    /** Computes gate, up and a(gate) up of a tile. */
    private Tensor forwardGated(SequencePass pass, LayerActivations kept, int first) {
        int rows = pass.tile(first);
        int at = pass.mlpRow(first);
        Tensor normed = pass.memory().normed(rows);
        norm(RowView.of(kept.middle(), first, rows), middleNorm, normed);
        Tensor gate = RowView.of(kept.gate(), at, rows);
        Tensor up = RowView.of(kept.up(), at, rows);
        linear(Projection.GATE)
                .forward(
                        normed,
                        gate,
                        false,
                        shrunk(pass, kept, Projection.GATE, at),
                        pass.range(first));
        linear(Projection.UP)
                .forward(
                        normed,
                        up,
                        false,
                        shrunk(pass, kept, Projection.UP, at),
                        pass.range(first));
        Tensor activated = pass.memory().activated(rows);
        backend.swiGlu(gate, up, model.traits().activation(), activated);
        return activated;
    }

    /**
     * Turns the gradient of y into that of x, in place, and adds the gradients of the layer's
     * trained tensors.
     *
     * @param recompute whether {@code kept} has no values of this sequence yet
     * @param first whether nothing below the layer is trained: the gradient of x is then undefined
     */
    void backward(
            SequencePass pass,
            LayerActivations kept,
            Tensor x,
            Tensor dx,
            boolean recompute,
            boolean first) {
        if (recompute) {
            forwardAttention(pass, kept, x);
        }
        for (int row = 0; row < pass.rows(); row += SequenceMemory.MLP_ROWS) {
            backwardMlp(pass, kept, dx, row, recompute);
        }
        backwardAttention(pass, kept, x, dx, first);
    }

    private void backwardMlp(
            SequencePass pass, LayerActivations kept, Tensor dx, int first, boolean recompute) {
        int rows = pass.tile(first);
        int at = pass.mlpRow(first);
        SequenceMemory memory = pass.memory();
        Tensor middle = RowView.of(kept.middle(), first, rows);
        Tensor gate = RowView.of(kept.gate(), at, rows);
        Tensor up = RowView.of(kept.up(), at, rows);
        Tensor activated = memory.activated(rows);
        Tensor dactivated = memory.dactivated(rows);
        Tensor normed = memory.normed(rows);
        Tensor dnormed = memory.dnormed(rows);
        Tensor dy = RowView.of(dx, first, rows);
        TrainingLinear.RowRange range = pass.range(first);
        Shrunk ofDown = shrunk(pass, kept, Projection.DOWN, at);
        Tensor output = rowsOrNull(kept.mlpOutput(), at, rows);
        Activation activation = model.traits().activation();
        if (recompute) {
            forwardGated(pass, kept, first);
            recomputeDown(activated, output, ofDown, range);
        } else {
            norm(middle, middleNorm, normed);
            backend.swiGlu(gate, up, activation, activated);
        }
        Tensor doutput = outputBackward(outputNorm, output, dy, dnormed);
        linear(Projection.DOWN).backward(activated, doutput, dactivated, false, ofDown, range);
        backend.swiGluBackward(gate, up, activation, dactivated);
        linear(Projection.GATE)
                .backward(
                        normed,
                        gate,
                        dnormed,
                        false,
                        shrunk(pass, kept, Projection.GATE, at),
                        range);
        linear(Projection.UP)
                .backward(normed, up, dnormed, true, shrunk(pass, kept, Projection.UP, at), range);
        normBackward(middle, middleNorm, dnormed, dy);
    }

    /** Computes what the backward pass of the down projection needs. */
    private void recomputeDown(
            Tensor activated,
            @Nullable Tensor output,
            @Nullable Shrunk shrunk,
            TrainingLinear.RowRange range) {
        if (output == null) {
            linear(Projection.DOWN).shrink(activated, shrunk, range);
        } else {
            linear(Projection.DOWN).forward(activated, output, false, shrunk, range);
        }
    }

    private void backwardAttention(
            SequencePass pass, LayerActivations kept, Tensor x, Tensor dx, boolean first) {
        int rows = pass.rows();
        SequenceMemory memory = pass.memory();
        TrainingLinear.RowRange range = pass.range(0);
        Tensor dattended = memory.dattended(rows);
        linear(Projection.O)
                .backward(
                        kept.attended(),
                        outputBackward(attentionNorm, kept.output(), dx, memory.dnormed(rows)),
                        dattended,
                        false,
                        shrunk(pass, kept, Projection.O, 0),
                        range);
        backend.attentionBackward(
                attention(pass),
                kept.q(),
                kept.k(),
                kept.v(),
                kept.attended(),
                kept.lse(),
                dattended,
                memory.dq(rows),
                memory.dk(rows),
                memory.dv(rows));
        Tensor normed = memory.normed(rows);
        norm(x, inputNorm, normed);
        Tensor dnormed = first ? null : memory.dnormed(rows);
        linear(Projection.Q)
                .backward(
                        normed,
                        headsBackward(queryNorm, kept.rawQ(), memory.dq(rows), dattended),
                        dnormed,
                        false,
                        shrunk(pass, kept, Projection.Q, 0),
                        range);
        linear(Projection.K)
                .backward(
                        normed,
                        headsBackward(keyNorm, kept.rawK(), memory.dk(rows), dattended),
                        dnormed,
                        true,
                        shrunk(pass, kept, Projection.K, 0),
                        range);
        linear(Projection.V)
                .backward(
                        normed,
                        memory.dv(rows),
                        dnormed,
                        true,
                        shrunk(pass, kept, Projection.V, 0),
                        range);
        if (dnormed != null) {
            normBackward(x, inputNorm, dnormed, dx);
        }
    }
}
