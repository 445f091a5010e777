package dev.longhand.kernels.cpu;

import static dev.longhand.kernels.backend.TrainingShapes.require;
import static dev.longhand.kernels.backend.TrainingShapes.requireSame;
import static dev.longhand.kernels.backend.TrainingShapes.rows;
import static dev.longhand.kernels.backend.TrainingShapes.width;

import dev.longhand.bindings.cpu.AdamWSettings;
import dev.longhand.bindings.cpu.CpuLibrary;
import dev.longhand.bindings.cpu.CpuTrainingContext;
import dev.longhand.kernels.activation.Activation;
import dev.longhand.kernels.attention.CausalAttention;
import dev.longhand.kernels.backend.BackendMemory;
import dev.longhand.kernels.backend.TensorArena;
import dev.longhand.kernels.backend.TrainingBackend;
import dev.longhand.kernels.matmul.LinearGradient;
import dev.longhand.kernels.norm.RmsNorm;
import dev.longhand.kernels.optimizer.AdamW;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** Training by our C kernels, on the threads of a {@link CpuBackend} of its own. */
public final class CpuTrainingBackend implements TrainingBackend {
    private final CpuBackend backend;
    private final CpuTrainingContext context;

    /**
     * Starts the threads.
     *
     * @param isa an instruction set that the library names, or null for the best
     * @param threads number of threads; 0 is one per processor
     * @param products F32, or BF16: the factors of the products of linear layers are rounded to it
     */
    public CpuTrainingBackend(
            CpuLibrary library, @Nullable String isa, int threads, DType products) {
        if (products != DType.F32 && products != DType.BF16) {
            throw new IllegalArgumentException("products of " + products);
        }
        backend = new CpuBackend(library, isa, threads);
        context = new CpuTrainingContext(backend.context(), products == DType.BF16);
    }

    private static MemorySegment data(Tensor tensor) {
        return host(tensor).data();
    }

    private static @Nullable MemorySegment dataOrNull(@Nullable Tensor tensor) {
        return tensor == null ? null : data(tensor);
    }

    private static HostTensor host(Tensor tensor) {
        if (tensor instanceof HostTensor host) {
            return host;
        }
        throw new IllegalArgumentException("a tensor of another backend");
    }

    private static MemorySegment native32(Arena arena, int[] values) {
        return arena.allocateFrom(ValueLayout.JAVA_INT, values);
    }

    @Override
    public BackendMemory memory() {
        return backend;
    }

    @Override
    @SuppressWarnings("MustBeClosedChecker") // the returned arena closes it
    public TensorArena arena() {
        Arena arena = Arena.ofShared();
        return new TensorArena() {
            @Override
            public Tensor allocate(DType dtype, Shape shape) {
                return HostTensor.allocate(arena, dtype, shape);
            }

            @Override
            public void close() {
                if (arena.scope().isAlive()) {
                    arena.close();
                }
            }
        };
    }

    @Override
    public void stage(List<? extends Tensor> weights) {} // they are read where they lie

    @Override
    public void write(HostTensor from, Tensor to) {
        copy(from, to);
    }

    @Override
    public void read(Tensor from, HostTensor to) {
        copy(from, to);
    }

    @Override
    public void copy(Tensor from, Tensor to) {
        data(to).copyFrom(data(from));
    }

    @Override
    public void clear(Tensor tensor) {
        data(tensor).fill((byte) 0);
    }

    @Override
    public String description() {
        return backend.capabilities().description();
    }

    @Override
    public void linear(
            Tensor x,
            Tensor weights,
            @Nullable Tensor bias,
            double scale,
            Tensor out,
            boolean accumulate) {
        LinearGradient.check(x, weights, out);
        context.linearForward(
                data(x),
                rows(x),
                width(x),
                data(weights),
                CpuBackend.dtype(weights),
                width(out),
                dataOrNull(bias),
                (float) scale,
                data(out),
                accumulate);
    }

    @Override
    public void linearBackwardInput(
            Tensor dout, Tensor weights, double scale, Tensor dx, boolean accumulate) {
        LinearGradient.check(dx, weights, dout);
        context.linearBackwardInput(
                data(dout),
                rows(dout),
                width(dx),
                data(weights),
                CpuBackend.dtype(weights),
                width(dout),
                (float) scale,
                data(dx),
                accumulate);
    }

    @Override
    public void linearBackwardWeight(Tensor dout, Tensor x, Tensor dweights) {
        LinearGradient.check(x, dweights, dout);
        require(dweights.dtype() == DType.F32, "weight gradient", dweights);
        context.linearBackwardWeight(
                data(dout), data(x), rows(x), width(x), width(dout), data(dweights));
    }

    @Override
    public void biasBackward(Tensor dout, Tensor dbias) {
        require(dbias.shape().elements() == width(dout), "bias gradient", dout, dbias);
        context.biasBackward(data(dout), rows(dout), width(dout), data(dbias));
    }

    @Override
    public void embed(Tensor table, int[] ids, float scale, Tensor out) {
        require(rows(out) == ids.length && width(out) == width(table), "embedding", table, out);
        int width = width(table);
        HostTensor from = host(table);
        HostTensor to = host(out);
        for (int row = 0; row < ids.length; row++) {
            if (table.dtype() == DType.F32 && scale == 1) {
                copy(from.view((long) ids[row] * width, Shape.of(width)), rowOf(to, row));
                continue;
            }
            for (long i = 0; i < width; i++) {
                to.set((long) row * width + i, scale * from.get((long) ids[row] * width + i));
            }
        }
    }

    private static HostTensor rowOf(HostTensor tensor, int row) {
        int width = width(tensor);
        return tensor.view((long) row * width, Shape.of(width));
    }

    @Override
    public void embedBackward(Tensor dout, int[] ids, float scale, Tensor dtable) {
        require(
                rows(dout) == ids.length && width(dout) == width(dtable),
                "embedding gradient",
                dout,
                dtable);
        try (Arena arena = Arena.ofConfined()) {
            context.embeddingBackward(
                    data(dout), native32(arena, ids), ids.length, width(dout), scale, data(dtable));
        }
    }

    @Override
    public void rmsNorm(Tensor x, Tensor weight, float eps, Tensor out, boolean accumulate) {
        RmsNorm.check(x, weight, out, rows(x));
        backend.runRmsNorm(host(x), host(weight), eps, host(out), rows(x), accumulate);
    }

    @Override
    public void rmsNormBackward(
            Tensor x, Tensor weight, float eps, Tensor dout, Tensor dx, @Nullable Tensor dweight) {
        RmsNorm.check(x, weight, dout, rows(x));
        requireSame("RMSNorm gradient", x, dout, dx);
        if (dweight != null) {
            requireSame("RMSNorm gradient", weight, dweight);
        }
        context.rmsNormBackward(
                data(x),
                data(weight),
                eps,
                data(dout),
                rows(x),
                width(x),
                data(dx),
                dataOrNull(dweight));
    }

    @Override
    public void rotate(Tensor x, Tensor table, boolean back) {
        int dim = width(table);
        require(width(x) % dim == 0 && rows(x) <= rows(table), "rotation", x, table);
        context.ropeRotate(data(x), data(table), rows(x), width(x) / dim, dim, back);
    }

    @Override
    public void attention(
            CausalAttention shape, Tensor q, Tensor k, Tensor v, Tensor out, Tensor lse) {
        shape.check(q, k, v);
        requireSame("attention", q, out);
        context.attentionForward(
                data(q),
                data(k),
                data(v),
                shape.positions(),
                shape.heads(),
                shape.kvHeads(),
                shape.headDim(),
                shape.options().scale(),
                shape.options().cap(),
                shape.options().window(),
                data(out),
                data(lse));
    }

    @Override
    public void attentionBackward(
            CausalAttention shape,
            Tensor q,
            Tensor k,
            Tensor v,
            Tensor out,
            Tensor lse,
            Tensor dout,
            Tensor dq,
            Tensor dk,
            Tensor dv) {
        shape.check(q, k, v);
        shape.check(dq, dk, dv);
        requireSame("attention gradient", q, out, dout);
        context.attentionBackward(
                data(q),
                data(k),
                data(v),
                data(out),
                data(lse),
                data(dout),
                shape.positions(),
                shape.heads(),
                shape.kvHeads(),
                shape.headDim(),
                shape.options().scale(),
                shape.options().cap(),
                shape.options().window(),
                data(dq),
                data(dk),
                data(dv));
    }

    @Override
    public void swiGlu(Tensor gate, Tensor up, Activation activation, Tensor out) {
        requireSame("SwiGLU", gate, up, out);
        context.swigluForward(
                data(gate),
                data(up),
                CpuBackend.of(activation),
                data(out),
                gate.shape().elements());
    }

    @Override
    public void swiGluBackward(Tensor gate, Tensor up, Activation activation, Tensor dout) {
        requireSame("SwiGLU gradient", gate, up, dout);
        context.swigluBackward(
                data(gate),
                data(up),
                CpuBackend.of(activation),
                data(dout),
                gate.shape().elements());
    }

    @Override
    public void dropout(
            Tensor x, int firstRow, long key, double keep, Tensor out, boolean accumulate) {
        requireSame("dropout", x, out);
        context.dropout(data(x), firstRow, rows(x), width(x), key, keep, data(out), accumulate);
    }

    @Override
    public void crossEntropy(
            Tensor logits, int[] labels, double cap, double weight, double[] losses, int[] best) {
        int rows = rows(logits);
        require(rows <= labels.length && rows <= losses.length, "cross entropy", logits);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment found = arena.allocate(ValueLayout.JAVA_DOUBLE, rows);
            MemorySegment largest = arena.allocate(ValueLayout.JAVA_INT, rows);
            context.crossEntropy(
                    data(logits),
                    native32(arena, labels),
                    rows,
                    width(logits),
                    (float) cap,
                    (float) weight,
                    found,
                    largest);
            MemorySegment.copy(found, ValueLayout.JAVA_DOUBLE, 0, losses, 0, rows);
            MemorySegment.copy(largest, ValueLayout.JAVA_INT, 0, best, 0, rows);
        }
    }

    @Override
    public double sumOfSquares(Tensor values) {
        return context.sumOfSquares(data(values), values.shape().elements());
    }

    @Override
    public void update(
            AdamW step,
            Tensor master,
            Tensor gradient,
            Tensor firstMoment,
            Tensor secondMoment,
            @Nullable Tensor copy) {
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
                data(master),
                data(gradient),
                data(firstMoment),
                data(secondMoment),
                master.shape().elements(),
                dataOrNull(copy));
    }

    @Override
    public void round(Tensor values, Tensor copy) {
        context.roundToBf16(data(values), values.shape().elements(), data(copy));
    }

    @Override
    public void close() {
        backend.close();
    }
}
