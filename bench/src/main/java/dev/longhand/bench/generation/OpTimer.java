package dev.longhand.bench.generation;

import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.kernels.activation.Activation;
import dev.longhand.kernels.attention.AttentionOptions;
import dev.longhand.kernels.backend.DecoderOps;
import dev.longhand.kernels.batch.Rows;
import dev.longhand.kernels.batch.StepBatch;
import dev.longhand.kernels.kvcache.KvCache;
import dev.longhand.kernels.matmul.Linear;
import dev.longhand.kernels.norm.HeadNorms;
import dev.longhand.kernels.norm.Norm;
import dev.longhand.kernels.sampling.SamplerState;
import dev.longhand.kernels.tensor.Tensor;

import org.jspecify.annotations.Nullable;

import java.util.EnumMap;
import java.util.Map;

/**
 * Times the ops of a model's steps. It works only on a backend that finishes each op before it
 * returns and does not record steps.
 */
final class OpTimer implements DecoderOps {
    private final DecoderOps timed;
    private final ModelConfig config;
    private final Map<StepOp, Long> nanos = new EnumMap<>(StepOp.class);

    /**
     * Creates a timer.
     *
     * @param timed the backend that runs the ops
     * @param config the configuration of the model, whose widths identify the linear layers
     */
    OpTimer(DecoderOps timed, ModelConfig config) {
        this.timed = timed;
        this.config = config;
    }

    /** The time of an op since the last {@link #clear}, in nanoseconds. */
    long nanos(StepOp op) {
        return nanos.getOrDefault(op, 0L);
    }

    /** Sets all times to zero. */
    void clear() {
        nanos.clear();
    }

    private void time(StepOp op, Runnable run) {
        long start = System.nanoTime();
        run.run();
        nanos.merge(op, System.nanoTime() - start, Long::sum);
    }

    @Override
    public void embed(Tensor table, float scale, StepBatch batch, Tensor out) {
        time(StepOp.OTHER, () -> timed.embed(table, scale, batch, out));
    }

    @Override
    public void rmsNorm(Tensor x, Norm norm, Tensor out, int rows, boolean accumulate) {
        time(StepOp.OTHER, () -> timed.rmsNorm(x, norm, out, rows, accumulate));
    }

    @Override
    public void applyLinear(Linear linear, Tensor x, Tensor out, Rows rows, boolean accumulate) {
        boolean down = linear.inputs() == config.intermediateSize();
        time(
                down ? StepOp.DOWN : StepOp.OUTPUT,
                () -> timed.applyLinear(linear, x, out, rows, accumulate));
    }

    @Override
    public void applyNormed(
            Linear linear, Tensor x, Norm norm, Tensor normed, Tensor out, Rows rows) {
        boolean head = linear.outputs() == config.vocabSize();
        time(
                head ? StepOp.HEAD : StepOp.QKV,
                () -> timed.applyNormed(linear, x, norm, normed, out, rows));
    }

    @Override
    public void applyGated(
            Linear gateUp,
            Tensor x,
            Norm norm,
            Activation activation,
            Tensor normed,
            Tensor both,
            Tensor out,
            Rows rows) {
        time(
                StepOp.GATE_UP,
                () -> timed.applyGated(gateUp, x, norm, activation, normed, both, out, rows));
    }

    @Override
    public void ropeAppend(
            Tensor qkv,
            Tensor rope,
            @Nullable HeadNorms norms,
            StepBatch batch,
            KvCache kv,
            int layer) {
        time(StepOp.OTHER, () -> timed.ropeAppend(qkv, rope, norms, batch, kv, layer));
    }

    @Override
    public void attention(
            Tensor qkv,
            AttentionOptions options,
            StepBatch batch,
            KvCache kv,
            int layer,
            Tensor out) {
        time(StepOp.ATTENTION, () -> timed.attention(qkv, options, batch, kv, layer, out));
    }

    @Override
    public void swiGlu(Tensor gateUp, Activation activation, Tensor out, int rows) {
        time(StepOp.OTHER, () -> timed.swiGlu(gateUp, activation, out, rows));
    }

    @Override
    public void softCap(Tensor x, float cap, int rows) {
        time(StepOp.HEAD, () -> timed.softCap(x, cap, rows));
    }

    @Override
    public void gatherSelected(Tensor x, StepBatch batch, Tensor out) {
        time(StepOp.OTHER, () -> timed.gatherSelected(x, batch, out));
    }

    @Override
    public void sample(Tensor logits, SamplerState[] states, int count) {
        time(StepOp.SAMPLING, () -> timed.sample(logits, states, count));
    }

    @Override
    public boolean replayStep(StepBatch batch, KvCache kv) {
        return timed.replayStep(batch, kv);
    }

    @Override
    public void endStep(StepBatch batch, KvCache kv) {
        timed.endStep(batch, kv);
    }

    @Override
    public void abandonStep() {
        timed.abandonStep();
    }
}
