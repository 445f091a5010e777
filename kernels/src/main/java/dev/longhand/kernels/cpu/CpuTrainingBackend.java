package dev.longhand.kernels.cpu;

import dev.longhand.bindings.cpu.AdamWSettings;
import dev.longhand.bindings.cpu.CpuLibrary;
import dev.longhand.bindings.cpu.CpuTrainingContext;
import dev.longhand.kernels.attention.CausalAttention;
import dev.longhand.kernels.backend.BackendMemory;
import dev.longhand.kernels.backend.TrainingBackend;
import dev.longhand.kernels.matmul.LinearGradient;
import dev.longhand.kernels.norm.RmsNorm;
import dev.longhand.kernels.optimizer.AdamW;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Training by our C kernels, on the threads of a {@link CpuBackend} of its own. */
public final class CpuTrainingBackend implements TrainingBackend {
    private final CpuBackend backend;
    private final CpuTrainingContext context;

    /**
     * Starts the threads.
     *
     * @param isa an instruction set that the library names, or null for the best
     * @param threads number of threads; 0 is one per processor
     */
    public CpuTrainingBackend(CpuLibrary library, @Nullable String isa, int threads) {
        backend = new CpuBackend(library, isa, threads);
        context = new CpuTrainingContext(backend.context());
    }

    private static void require(boolean condition, String op, HostTensor... tensors) {
        if (!condition) {
            StringBuilder text = new StringBuilder(op + ": the shapes do not fit:");
            for (HostTensor tensor : tensors) {
                text.append(' ').append(tensor.dtype()).append(' ').append(tensor.shape());
            }
            throw new IllegalArgumentException(text.toString());
        }
    }

    private static void requireSame(String op, HostTensor first, HostTensor... others) {
        for (HostTensor other : others) {
            require(
                    first.dtype() == DType.F32
                            && other.dtype() == DType.F32
                            && other.shape().elements() == first.shape().elements(),
                    op,
                    first,
                    other);
        }
    }

    private static int rows(HostTensor tensor) {
        return Math.toIntExact(tensor.shape().rows());
    }

    private static int width(HostTensor tensor) {
        return Math.toIntExact(tensor.shape().width());
    }

    private static @Nullable MemorySegment data(@Nullable HostTensor tensor) {
        return tensor == null ? null : tensor.data();
    }

    private static MemorySegment native32(Arena arena, int[] values) {
        return arena.allocateFrom(ValueLayout.JAVA_INT, values);
    }

    @Override
    public BackendMemory memory() {
        return backend;
    }

    @Override
    public String description() {
        return backend.capabilities().description();
    }

    @Override
    public void linear(
            HostTensor x,
            HostTensor weights,
            @Nullable HostTensor bias,
            double scale,
            HostTensor out,
            boolean accumulate) {
        LinearGradient.check(x, weights, out);
        context.linearForward(
                x.data(),
                rows(x),
                width(x),
                weights.data(),
                CpuBackend.dtype(weights),
                width(out),
                data(bias),
                (float) scale,
                out.data(),
                accumulate);
    }

    @Override
    public void linearBackwardInput(
            HostTensor dout, HostTensor weights, double scale, HostTensor dx, boolean accumulate) {
        LinearGradient.check(dx, weights, dout);
        context.linearBackwardInput(
                dout.data(),
                rows(dout),
                width(dx),
                weights.data(),
                CpuBackend.dtype(weights),
                width(dout),
                (float) scale,
                dx.data(),
                accumulate);
    }

    @Override
    public void linearBackwardWeight(HostTensor dout, HostTensor x, HostTensor dweights) {
        LinearGradient.check(x, dweights, dout);
        require(dweights.dtype() == DType.F32, "weight gradient", dweights);
        context.linearBackwardWeight(
                dout.data(), x.data(), rows(x), width(x), width(dout), dweights.data());
    }

    @Override
    public void biasBackward(HostTensor dout, HostTensor dbias) {
        require(dbias.shape().elements() == width(dout), "bias gradient", dout, dbias);
        context.biasBackward(dout.data(), rows(dout), width(dout), dbias.data());
    }

    @Override
    public void embed(HostTensor table, int[] ids, HostTensor out) {
        require(rows(out) == ids.length && width(out) == width(table), "embedding", table, out);
        long width = width(table);
        for (int row = 0; row < ids.length; row++) {
            for (long i = 0; i < width; i++) {
                out.set(row * width + i, table.get(ids[row] * width + i));
            }
        }
    }

    @Override
    public void embedBackward(HostTensor dout, int[] ids, HostTensor dtable) {
        require(
                rows(dout) == ids.length && width(dout) == width(dtable),
                "embedding gradient",
                dout,
                dtable);
        try (Arena arena = Arena.ofConfined()) {
            context.embeddingBackward(
                    dout.data(), native32(arena, ids), ids.length, width(dout), dtable.data());
        }
    }

    @Override
    public void rmsNorm(HostTensor x, HostTensor weight, float eps, HostTensor out) {
        RmsNorm.check(x, weight, out, rows(x));
        backend.runRmsNorm(x, weight, eps, out, rows(x));
    }

    @Override
    public void rmsNormBackward(
            HostTensor x,
            HostTensor weight,
            float eps,
            HostTensor dout,
            HostTensor dx,
            @Nullable HostTensor dweight) {
        RmsNorm.check(x, weight, dout, rows(x));
        requireSame("RMSNorm gradient", x, dout, dx);
        if (dweight != null) {
            requireSame("RMSNorm gradient", weight, dweight);
        }
        context.rmsNormBackward(
                x.data(),
                weight.data(),
                eps,
                dout.data(),
                rows(x),
                width(x),
                dx.data(),
                data(dweight));
    }

    @Override
    public void rotate(HostTensor x, HostTensor table, boolean back) {
        int dim = width(table);
        require(width(x) % dim == 0 && rows(x) <= rows(table), "rotation", x, table);
        context.ropeRotate(x.data(), table.data(), rows(x), width(x) / dim, dim, back);
    }

    @Override
    public void attention(
            CausalAttention shape,
            HostTensor q,
            HostTensor k,
            HostTensor v,
            HostTensor out,
            HostTensor lse) {
        shape.check(q, k, v);
        requireSame("attention", q, out);
        context.attentionForward(
                q.data(),
                k.data(),
                v.data(),
                shape.positions(),
                shape.heads(),
                shape.kvHeads(),
                shape.headDim(),
                out.data(),
                lse.data());
    }

    @Override
    public void attentionBackward(
            CausalAttention shape,
            HostTensor q,
            HostTensor k,
            HostTensor v,
            HostTensor out,
            HostTensor lse,
            HostTensor dout,
            HostTensor dq,
            HostTensor dk,
            HostTensor dv) {
        shape.check(q, k, v);
        shape.check(dq, dk, dv);
        requireSame("attention gradient", q, out, dout);
        context.attentionBackward(
                q.data(),
                k.data(),
                v.data(),
                out.data(),
                lse.data(),
                dout.data(),
                shape.positions(),
                shape.heads(),
                shape.kvHeads(),
                shape.headDim(),
                dq.data(),
                dk.data(),
                dv.data());
    }

    @Override
    public void swiGlu(HostTensor gate, HostTensor up, HostTensor out) {
        requireSame("SwiGLU", gate, up, out);
        context.swigluForward(gate.data(), up.data(), out.data(), gate.shape().elements());
    }

    @Override
    public void swiGluBackward(HostTensor gate, HostTensor up, HostTensor dout) {
        requireSame("SwiGLU gradient", gate, up, dout);
        context.swigluBackward(gate.data(), up.data(), dout.data(), gate.shape().elements());
    }

    @Override
    public void dropout(
            HostTensor x, int firstRow, long key, double keep, HostTensor out, boolean accumulate) {
        requireSame("dropout", x, out);
        context.dropout(x.data(), firstRow, rows(x), width(x), key, keep, out.data(), accumulate);
    }

    @Override
    public void crossEntropy(
            HostTensor logits, int[] labels, double weight, double[] losses, int[] best) {
        int rows = rows(logits);
        require(rows <= labels.length && rows <= losses.length, "cross entropy", logits);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment found = arena.allocate(ValueLayout.JAVA_DOUBLE, rows);
            MemorySegment largest = arena.allocate(ValueLayout.JAVA_INT, rows);
            context.crossEntropy(
                    logits.data(),
                    native32(arena, labels),
                    rows,
                    width(logits),
                    (float) weight,
                    found,
                    largest);
            MemorySegment.copy(found, ValueLayout.JAVA_DOUBLE, 0, losses, 0, rows);
            MemorySegment.copy(largest, ValueLayout.JAVA_INT, 0, best, 0, rows);
        }
    }

    @Override
    public double sumOfSquares(HostTensor values) {
        return context.sumOfSquares(values.data(), values.shape().elements());
    }

    @Override
    public void update(
            AdamW step,
            HostTensor master,
            HostTensor gradient,
            HostTensor firstMoment,
            HostTensor secondMoment,
            @Nullable HostTensor copy) {
        requireSame("AdamW", master, gradient, firstMoment, secondMoment);
        AdamWSettings settings =
                new AdamWSettings(
                        step.gradientScale(),
                        step.beta1(),
                        step.beta2(),
                        step.rate() / step.firstCorrection(),
                        1 / Math.sqrt(step.secondCorrection()),
                        step.epsilon(),
                        1 - step.rate() * step.decay());
        context.adamwUpdate(
                settings,
                master.data(),
                gradient.data(),
                firstMoment.data(),
                secondMoment.data(),
                master.shape().elements(),
                data(copy));
    }

    @Override
    public void round(HostTensor values, HostTensor copy) {
        context.roundToBf16(values.data(), values.shape().elements(), copy.data());
    }

    @Override
    public void close() {
        backend.close();
    }
}
