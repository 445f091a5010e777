package dev.longhand.bindings.cpu;

import dev.longhand.bindings.cpu.generated.LonghandTraining;
import dev.longhand.bindings.cpu.generated.lh_adamw;
import dev.longhand.bindings.cpu.generated.lh_matrix;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The ops of training, run on the threads of a {@link CpuContext}. Shapes and layouts are those of
 * {@code longhand_training.h}; the caller checks them. Used by one thread at a time.
 */
public final class CpuTrainingContext {
    private final CpuContext threads;
    private final int bf16;
    private final Arena arena = Arena.ofAuto();
    private final MemorySegment matrix = lh_matrix.allocate(arena);
    private final MemorySegment adamW = lh_adamw.allocate(arena);
    private final MemorySegment sum = arena.allocate(ValueLayout.JAVA_DOUBLE);

    /**
     * Uses the threads of a context, which the caller closes.
     *
     * @param bf16 whether the products of linear layers round both factors to bf16
     */
    public CpuTrainingContext(CpuContext threads, boolean bf16) {
        this.threads = threads;
        this.bf16 = bf16 ? 1 : 0;
    }

    private MemorySegment context() {
        return threads.context();
    }

    private static MemorySegment orNull(@Nullable MemorySegment segment) {
        return segment == null ? MemorySegment.NULL : segment;
    }

    private MemorySegment matrix(
            MemorySegment weights, CpuDtype dtype, int outputs, @Nullable MemorySegment bias) {
        lh_matrix.weights(matrix, weights);
        lh_matrix.bias(matrix, orNull(bias));
        lh_matrix.dtype(matrix, dtype.code());
        lh_matrix.outputs(matrix, outputs);
        return matrix;
    }

    public void linearForward(
            MemorySegment x,
            int rows,
            int inputs,
            MemorySegment weights,
            CpuDtype dtype,
            int outputs,
            @Nullable MemorySegment bias,
            float scale,
            MemorySegment out,
            boolean accumulate) {
        CpuKernelException.check(
                "linear_forward",
                LonghandTraining.lh_linear_forward(
                        context(),
                        x,
                        rows,
                        inputs,
                        matrix(weights, dtype, outputs, bias),
                        scale,
                        out,
                        accumulate ? 1 : 0,
                        bf16));
    }

    public void linearBackwardInput(
            MemorySegment dout,
            int rows,
            int inputs,
            MemorySegment weights,
            CpuDtype dtype,
            int outputs,
            float scale,
            MemorySegment dx,
            boolean accumulate) {
        CpuKernelException.check(
                "linear_backward_input",
                LonghandTraining.lh_linear_backward_input(
                        context(),
                        dout,
                        rows,
                        inputs,
                        matrix(weights, dtype, outputs, null),
                        scale,
                        dx,
                        accumulate ? 1 : 0,
                        bf16));
    }

    public void linearBackwardWeight(
            MemorySegment dout,
            MemorySegment x,
            int rows,
            int inputs,
            int outputs,
            MemorySegment dw) {
        CpuKernelException.check(
                "linear_backward_weight",
                LonghandTraining.lh_linear_backward_weight(
                        context(), dout, x, rows, inputs, outputs, dw, bf16));
    }

    public void biasBackward(MemorySegment dout, int rows, int width, MemorySegment dbias) {
        CpuKernelException.check(
                "bias_backward",
                LonghandTraining.lh_bias_backward(context(), dout, rows, width, dbias));
    }

    public void embeddingBackward(
            MemorySegment dout,
            MemorySegment ids,
            int rows,
            int width,
            float scale,
            MemorySegment dtable) {
        CpuKernelException.check(
                "embedding_backward",
                LonghandTraining.lh_embedding_backward(
                        context(), dout, ids, rows, width, scale, dtable));
    }

    public void rmsNormBackward(
            MemorySegment x,
            MemorySegment weight,
            float eps,
            MemorySegment dout,
            int rows,
            int width,
            MemorySegment dx,
            @Nullable MemorySegment dweight) {
        CpuKernelException.check(
                "rms_norm_backward",
                LonghandTraining.lh_rms_norm_backward(
                        context(), x, weight, eps, dout, rows, width, dx, orNull(dweight)));
    }

    public void ropeRotate(
            MemorySegment x, MemorySegment table, int rows, int heads, int dim, boolean back) {
        CpuKernelException.check(
                "rope_rotate",
                LonghandTraining.lh_rope_rotate(
                        context(), x, table, rows, heads, dim, back ? 1 : 0));
    }

    public void attentionForward(
            MemorySegment q,
            MemorySegment k,
            MemorySegment v,
            int positions,
            int heads,
            int kvHeads,
            int dim,
            float scale,
            float cap,
            int window,
            MemorySegment out,
            MemorySegment lse) {
        CpuKernelException.check(
                "attention_forward",
                LonghandTraining.lh_attention_forward(
                        context(), q, k, v, positions, heads, kvHeads, dim, scale, cap, window, out,
                        lse));
    }

    public void attentionBackward(
            MemorySegment q,
            MemorySegment k,
            MemorySegment v,
            MemorySegment out,
            MemorySegment lse,
            MemorySegment dout,
            int positions,
            int heads,
            int kvHeads,
            int dim,
            float scale,
            float cap,
            int window,
            MemorySegment dq,
            MemorySegment dk,
            MemorySegment dv) {
        CpuKernelException.check(
                "attention_backward",
                LonghandTraining.lh_attention_backward(
                        context(), q, k, v, out, lse, dout, positions, heads, kvHeads, dim, scale,
                        cap, window, dq, dk, dv));
    }

    public void swigluForward(
            MemorySegment gate,
            MemorySegment up,
            CpuActivation activation,
            MemorySegment out,
            long count) {
        CpuKernelException.check(
                "swiglu_forward",
                LonghandTraining.lh_swiglu_forward(
                        context(), gate, up, activation.code(), out, count));
    }

    public void swigluBackward(
            MemorySegment gate,
            MemorySegment up,
            CpuActivation activation,
            MemorySegment dout,
            long count) {
        CpuKernelException.check(
                "swiglu_backward",
                LonghandTraining.lh_swiglu_backward(
                        context(), gate, up, activation.code(), dout, count));
    }

    public void crossEntropy(
            MemorySegment logits,
            MemorySegment labels,
            int rows,
            int width,
            float cap,
            float weight,
            MemorySegment losses,
            MemorySegment best) {
        CpuKernelException.check(
                "cross_entropy",
                LonghandTraining.lh_cross_entropy(
                        context(), logits, labels, rows, width, cap, weight, losses, best));
    }

    public void dropout(
            MemorySegment x,
            int firstRow,
            int rows,
            int width,
            long key,
            double keep,
            MemorySegment out,
            boolean accumulate) {
        CpuKernelException.check(
                "dropout",
                LonghandTraining.lh_dropout(
                        context(), x, firstRow, rows, width, key, keep, out, accumulate ? 1 : 0));
    }

    public void adamwUpdate(
            AdamWSettings settings,
            MemorySegment master,
            MemorySegment gradient,
            MemorySegment first,
            MemorySegment second,
            long count,
            @Nullable MemorySegment bf16Copy) {
        CpuKernelException.check(
                "adamw_update",
                LonghandTraining.lh_adamw_update(
                        context(),
                        settings.writeTo(adamW),
                        master,
                        gradient,
                        first,
                        second,
                        count,
                        orNull(bf16Copy)));
    }

    public void roundToBf16(MemorySegment values, long count, MemorySegment out) {
        CpuKernelException.check(
                "round_to_bf16", LonghandTraining.lh_round_to_bf16(context(), values, count, out));
    }

    public double sumOfSquares(MemorySegment values, long count) {
        CpuKernelException.check(
                "sum_of_squares",
                LonghandTraining.lh_sum_of_squares(context(), values, count, sum));
        return sum.get(ValueLayout.JAVA_DOUBLE, 0);
    }
}
