package dev.longhand.training.model;

import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.architecture.Projection;
import dev.longhand.kernels.attention.CausalAttention;
import dev.longhand.kernels.backend.TrainingBackend;
import dev.longhand.kernels.tensor.HostTensor;

import org.jspecify.annotations.Nullable;

import java.util.Map;
import java.util.Objects;

/**
 * One transformer layer in training:
 *
 * <pre>
 * n = norm(x)           q, k = rotated(n Wq', n Wk')        v = n Wv'
 * m = x + attention(q, k, v) Wo'
 * y = m + (silu(g) u) Wdown'     with g = norm(m) Wgate', u = norm(m) Wup'
 * </pre>
 *
 * The MLP takes {@link SequenceMemory#MLP_ROWS} rows at a time, so that nothing of its width exists
 * for all rows unless it is kept.
 */
final class TrainingLayer {
    private final TrainingBackend backend;
    private final ModelConfig model;
    private final HostTensor rope;
    private final Weights inputNorm;
    private final Weights middleNorm;
    private final Map<Projection, TrainingLinear> linears;

    TrainingLayer(
            TrainingBackend backend,
            ModelConfig model,
            HostTensor rope,
            Weights inputNorm,
            Weights middleNorm,
            Map<Projection, TrainingLinear> linears) {
        this.backend = backend;
        this.model = model;
        this.rope = rope;
        this.inputNorm = inputNorm;
        this.middleNorm = middleNorm;
        this.linears = linears;
    }

    private TrainingLinear linear(Projection projection) {
        return Objects.requireNonNull(linears.get(projection));
    }

    private static @Nullable Shrunk shrunk(
            SequencePass pass, LayerActivations kept, Projection projection, int first) {
        HostTensor t = kept.shrunk().get(projection);
        return t == null ? null : new Shrunk(t, first, pass.memory().adapterScratch());
    }

    private CausalAttention attention(SequencePass pass) {
        return new CausalAttention(pass.rows(), model.heads(), model.kvHeads(), model.headDim());
    }

    private void norm(HostTensor x, Weights weight, HostTensor out) {
        backend.rmsNorm(x, weight.values(), model.rmsNormEps(), out);
    }

    private void normBackward(HostTensor x, Weights weight, HostTensor dout, HostTensor dx) {
        backend.rmsNormBackward(
                x, weight.values(), model.rmsNormEps(), dout, dx, weight.gradient());
    }

    private void project(
            SequencePass pass,
            LayerActivations kept,
            Projection projection,
            HostTensor x,
            HostTensor out) {
        linear(projection).forward(x, out, false, shrunk(pass, kept, projection, 0), pass.range(0));
    }

    /** Computes the output y of the layer from x, and the values that the backward pass needs. */
    void forward(SequencePass pass, LayerActivations kept, HostTensor x, HostTensor y) {
        forwardAttention(pass, kept, x);
        RowView.copy(kept.middle(), y);
        for (int first = 0; first < pass.rows(); first += SequenceMemory.MLP_ROWS) {
            int rows = pass.tile(first);
            HostTensor activated = forwardGated(pass, kept, first);
            linear(Projection.DOWN)
                    .forward(
                            activated,
                            RowView.of(y, first, rows),
                            true,
                            shrunk(pass, kept, Projection.DOWN, pass.mlpRow(first)),
                            pass.range(first));
        }
    }

    private void forwardAttention(SequencePass pass, LayerActivations kept, HostTensor x) {
        HostTensor normed = pass.memory().normed(pass.rows());
        norm(x, inputNorm, normed);
        project(pass, kept, Projection.Q, normed, kept.q());
        project(pass, kept, Projection.K, normed, kept.k());
        project(pass, kept, Projection.V, normed, kept.v());
        backend.rotate(kept.q(), rope, false);
        backend.rotate(kept.k(), rope, false);
        backend.attention(
                attention(pass), kept.q(), kept.k(), kept.v(), kept.attended(), kept.lse());
        RowView.copy(x, kept.middle());
        linear(Projection.O)
                .forward(
                        kept.attended(),
                        kept.middle(),
                        true,
                        shrunk(pass, kept, Projection.O, 0),
                        pass.range(0));
    }

    /** Computes gate, up and silu(gate) up of a tile. */
    private HostTensor forwardGated(SequencePass pass, LayerActivations kept, int first) {
        int rows = pass.tile(first);
        int at = pass.mlpRow(first);
        HostTensor normed = pass.memory().normed(rows);
        norm(RowView.of(kept.middle(), first, rows), middleNorm, normed);
        HostTensor gate = RowView.of(kept.gate(), at, rows);
        HostTensor up = RowView.of(kept.up(), at, rows);
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
        HostTensor activated = pass.memory().activated(rows);
        backend.swiGlu(gate, up, activated);
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
            HostTensor x,
            HostTensor dx,
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
            SequencePass pass, LayerActivations kept, HostTensor dx, int first, boolean recompute) {
        int rows = pass.tile(first);
        int at = pass.mlpRow(first);
        SequenceMemory memory = pass.memory();
        HostTensor middle = RowView.of(kept.middle(), first, rows);
        HostTensor gate = RowView.of(kept.gate(), at, rows);
        HostTensor up = RowView.of(kept.up(), at, rows);
        HostTensor activated = memory.activated(rows);
        HostTensor dactivated = memory.dactivated(rows);
        HostTensor normed = memory.normed(rows);
        HostTensor dnormed = memory.dnormed(rows);
        HostTensor dy = RowView.of(dx, first, rows);
        TrainingLinear.RowRange range = pass.range(first);
        Shrunk ofDown = shrunk(pass, kept, Projection.DOWN, at);
        if (recompute) {
            forwardGated(pass, kept, first);
            linear(Projection.DOWN).shrink(activated, ofDown, range);
        } else {
            norm(middle, middleNorm, normed);
            backend.swiGlu(gate, up, activated);
        }
        linear(Projection.DOWN).backward(activated, dy, dactivated, false, ofDown, range);
        backend.swiGluBackward(gate, up, dactivated);
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

    private void backwardAttention(
            SequencePass pass, LayerActivations kept, HostTensor x, HostTensor dx, boolean first) {
        int rows = pass.rows();
        SequenceMemory memory = pass.memory();
        TrainingLinear.RowRange range = pass.range(0);
        HostTensor dattended = memory.dattended(rows);
        linear(Projection.O)
                .backward(
                        kept.attended(),
                        dx,
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
        backend.rotate(memory.dq(rows), rope, true);
        backend.rotate(memory.dk(rows), rope, true);
        HostTensor normed = memory.normed(rows);
        norm(x, inputNorm, normed);
        HostTensor dnormed = first ? null : memory.dnormed(rows);
        linear(Projection.Q)
                .backward(
                        normed,
                        memory.dq(rows),
                        dnormed,
                        false,
                        shrunk(pass, kept, Projection.Q, 0),
                        range);
        linear(Projection.K)
                .backward(
                        normed,
                        memory.dk(rows),
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
