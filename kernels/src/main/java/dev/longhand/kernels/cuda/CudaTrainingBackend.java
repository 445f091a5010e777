package dev.longhand.kernels.cuda;

import static dev.longhand.kernels.backend.TrainingShapes.require;
import static dev.longhand.kernels.backend.TrainingShapes.requireSame;
import static dev.longhand.kernels.backend.TrainingShapes.rows;
import static dev.longhand.kernels.backend.TrainingShapes.width;
import static dev.longhand.kernels.cuda.DeviceTensor.address;

import dev.longhand.bindings.cuda.CudaDriver;
import dev.longhand.bindings.cuda.CudaDrivers;
import dev.longhand.bindings.cuda.CudaLibrary;
import dev.longhand.bindings.cuda.CudaQueue;
import dev.longhand.kernels.activation.Activation;
import dev.longhand.kernels.attention.CausalAttention;
import dev.longhand.kernels.backend.BackendMemory;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.backend.TensorArena;
import dev.longhand.kernels.backend.TrainingBackend;
import dev.longhand.kernels.matmul.LinearGradient;
import dev.longhand.kernels.norm.RmsNorm;
import dev.longhand.kernels.optimizer.AdamW;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Tensor;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.function.Function;

/**
 * Training by our CUDA kernels, on one stream of one device. Activations and gradients are F32 in
 * device memory and are rounded to BF16 where they enter a product; products sum in F32. Frozen
 * weights stay in host memory and are uploaded when a kernel first reads them.
 */
public final class CudaTrainingBackend implements TrainingBackend {
    private static final int THREADS = 256;
    private static final int ROTATION_THREADS = 128;
    private static final int LOSS_THREADS = 512;
    private static final int COLUMNS = 32;
    private static final long SQUARES = 1L << 16; // values of a block

    private final Arena arena = Arena.ofShared();
    private final ComputeBackend host;
    private final CudaQueue queue;
    private final DeviceMemory memory;
    private final TrainingKernels kernels;
    private final FrozenWeights frozen;
    private final TrainingProducts products;
    private final TrainingAttention attention;
    private final ScratchMemory scratch;
    private final DeviceIntegers integers;
    private boolean closed;

    /**
     * Opens a device of a driver library and loads the kernels.
     *
     * @param host places and quantises frozen weights in host memory; closed with this backend
     * @param streamed whether the device holds two layers of frozen weights, not all
     * @throws dev.longhand.bindings.cuda.CudaUnavailableException if the library is not available
     * @throws dev.longhand.bindings.cuda.CudaDriverException if a driver call fails
     */
    public CudaTrainingBackend(
            CudaLibrary library, int ordinal, ComputeBackend host, boolean streamed) {
        this(library, ordinal, host, streamed, CudaKernels::ptx);
    }

    /** Opens a device whose PTX texts {@code ptx} returns by name. */
    CudaTrainingBackend(
            CudaLibrary library,
            int ordinal,
            ComputeBackend host,
            boolean streamed,
            Function<String, byte[]> ptx) {
        this.host = host;
        CudaDriver driver = CudaDrivers.open(library, ordinal);
        try {
            queue = CudaQueue.create(driver);
            memory = new DeviceMemory(queue);
            CudaKernels modules = CudaKernels.ofTraining(queue, memory, arena, ptx);
            kernels = TrainingKernels.of(modules);
            frozen =
                    new FrozenWeights(memory, modules, streamed ? new StreamedLayers(queue) : null);
            products = new TrainingProducts(modules, frozen);
            attention = new TrainingAttention(memory, modules);
            scratch = new ScratchMemory(memory);
            integers = new DeviceIntegers(memory);
        } catch (RuntimeException e) {
            try (arena;
                    driver) {
                throw e;
            }
        }
    }

    private static int blocks(long count) {
        return Math.toIntExact(Math.ceilDiv(count, THREADS));
    }

    @Override
    public BackendMemory memory() {
        return host;
    }

    @Override
    public TensorArena arena() {
        return new DeviceArena(memory);
    }

    @Override
    public void stage(List<? extends Tensor> weights) {
        frozen.stage(weights);
    }

    @Override
    public void write(HostTensor from, Tensor to) {
        require(from.dtype() == to.dtype() && from.bytes() == to.bytes(), "copy", from, to);
        memory.upload(address(to), from.data());
    }

    @Override
    public void read(Tensor from, HostTensor to) {
        require(from.dtype() == to.dtype() && from.bytes() == to.bytes(), "copy", from, to);
        memory.download(to.data(), address(from));
    }

    @Override
    public void copy(Tensor from, Tensor to) {
        require(from.dtype() == to.dtype() && from.bytes() == to.bytes(), "copy", from, to);
        queue.copyOnDevice(address(to), address(from), from.bytes());
    }

    @Override
    public void clear(Tensor tensor) {
        queue.fill(address(tensor), (byte) 0, tensor.bytes());
    }

    @Override
    public String description() {
        return "cuda (%s)".formatted(queue.driver().device().name());
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
        products.forward(x, weights, bias, scale, out, accumulate);
    }

    @Override
    public void linearBackwardInput(
            Tensor dout, Tensor weights, double scale, Tensor dx, boolean accumulate) {
        LinearGradient.check(dx, weights, dout);
        products.backwardInput(dout, weights, scale, dx, accumulate);
    }

    @Override
    public void linearBackwardWeight(Tensor dout, Tensor x, Tensor dweights) {
        LinearGradient.check(x, dweights, dout);
        require(dweights.dtype() == DType.F32, "weight gradient", dweights);
        products.backwardWeight(dout, x, dweights);
    }

    @Override
    public void biasBackward(Tensor dout, Tensor dbias) {
        require(dbias.shape().elements() == width(dout), "bias gradient", dout, dbias);
        KernelCall call = kernels.biasBackward().begin();
        call.parameter(address(dout)).parameter(address(dbias)).parameter(rows(dout));
        call.parameter(width(dout)).launch(Math.ceilDiv(width(dout), COLUMNS), 1, 1, THREADS);
    }

    @Override
    public void embed(Tensor table, int[] ids, float scale, Tensor out) {
        require(rows(out) == ids.length && width(out) == width(table), "embedding", table, out);
        int width = width(table);
        if (table instanceof HostTensor rows) {
            memory.upload(
                    address(out),
                    ids.length,
                    (long) width * Float.BYTES,
                    (row, to) -> gather(rows, ids[(int) row], scale, to));
            return;
        }
        KernelCall call = table.dtype() == DType.F32 ? kernels.embedF32() : kernels.embedBf16();
        call.begin().parameter(address(table)).parameter(width).parameter(width);
        call.parameter(scale).parameter(integers.upload(ids)).parameter(address(out));
        call.launch(ids.length, 1, 1, THREADS);
    }

    private static void gather(HostTensor table, int id, float scale, MemorySegment to) {
        long width = table.shape().width();
        for (long i = 0; i < width; i++) {
            to.setAtIndex(ValueLayout.JAVA_FLOAT, i, scale * table.get(id * width + i));
        }
    }

    @Override
    public void embedBackward(Tensor dout, int[] ids, float scale, Tensor dtable) {
        require(
                rows(dout) == ids.length && width(dout) == width(dtable),
                "embedding gradient",
                dout,
                dtable);
        RowsById rows = RowsById.of(ids);
        int distinct = rows.ids().length;
        long from = integers.upload(rows.ids(), rows.starts(), rows.order());
        long starts = from + (long) distinct * Integer.BYTES;
        KernelCall call = kernels.embedBackward().begin();
        call.parameter(address(dout)).parameter(from).parameter(starts);
        call.parameter(starts + (distinct + 1L) * Integer.BYTES).parameter(address(dtable));
        call.parameter(width(dout)).parameter(scale).launch(distinct, 1, 1, THREADS);
    }

    @Override
    public void rmsNorm(Tensor x, Tensor weight, float eps, Tensor out, boolean accumulate) {
        RmsNorm.check(x, weight, out, rows(x));
        KernelCall call = kernels.rmsNorm().begin();
        call.parameter(address(x)).parameter(frozen.address(weight)).parameter(eps);
        call.parameter(address(out)).parameter(width(x)).parameter(accumulate ? 1 : 0);
        call.launch(rows(x), 1, 1, THREADS);
    }

    @Override
    public void rmsNormBackward(
            Tensor x, Tensor weight, float eps, Tensor dout, Tensor dx, @Nullable Tensor dweight) {
        RmsNorm.check(x, weight, dout, rows(x));
        requireSame("RMSNorm gradient", x, dout, dx);
        long scales = scratch.bytes((long) rows(x) * Float.BYTES);
        KernelCall call = kernels.rmsNormBackward().begin();
        call.parameter(address(x)).parameter(frozen.address(weight)).parameter(eps);
        call.parameter(address(dout)).parameter(address(dx)).parameter(scales);
        call.parameter(width(x)).launch(rows(x), 1, 1, THREADS);
        if (dweight == null) {
            return;
        }
        requireSame("RMSNorm gradient", weight, dweight);
        KernelCall columns = kernels.rmsNormBackwardWeight().begin();
        columns.parameter(address(x)).parameter(address(dout)).parameter(scales);
        columns.parameter(address(dweight)).parameter(rows(x)).parameter(width(x));
        columns.launch(Math.ceilDiv(width(x), COLUMNS), 1, 1, THREADS);
    }

    @Override
    public void rotate(Tensor x, Tensor table, boolean back) {
        int dim = width(table);
        require(width(x) % dim == 0 && rows(x) <= rows(table), "rotation", x, table);
        KernelCall call = kernels.rotate().begin();
        call.parameter(address(x)).parameter(frozen.address(table)).parameter(width(x) / dim);
        call.parameter(dim).parameter(back ? -1f : 1f).launch(rows(x), 1, 1, ROTATION_THREADS);
    }

    @Override
    public void attention(
            CausalAttention shape, Tensor q, Tensor k, Tensor v, Tensor out, Tensor lse) {
        shape.check(q, k, v);
        requireSame("attention", q, out);
        attention.forward(shape, q, k, v, out, lse);
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
        attention.backward(shape, q, k, v, out, lse, dout, dq, dk, dv);
    }

    @Override
    public void swiGlu(Tensor gate, Tensor up, Activation activation, Tensor out) {
        requireSame("SwiGLU", gate, up, out);
        launchEach(kernels.swiGlu(), gate, up, activation, out);
    }

    @Override
    public void swiGluBackward(Tensor gate, Tensor up, Activation activation, Tensor dout) {
        requireSame("SwiGLU gradient", gate, up, dout);
        launchEach(kernels.swiGluBackward(), gate, up, activation, dout);
    }

    private void launchEach(
            KernelCall call, Tensor gate, Tensor up, Activation activation, Tensor out) {
        long count = gate.shape().elements();
        call.begin().parameter(address(gate)).parameter(address(up)).parameter(address(out));
        call.parameter(CudaActivations.code(activation))
                .parameter(count)
                .launch(blocks(count), 1, 1, THREADS);
    }

    @Override
    public void dropout(
            Tensor x, int firstRow, long key, double keep, Tensor out, boolean accumulate) {
        requireSame("dropout", x, out);
        long count = x.shape().elements();
        KernelCall call = kernels.dropout().begin().parameter(address(x));
        call.parameter((long) firstRow * width(x)).parameter(key).parameter((long) (keep * 0x1p24));
        call.parameter((float) (1 / keep)).parameter(address(out)).parameter(accumulate ? 1 : 0);
        call.parameter(count).launch(blocks(count), 1, 1, THREADS);
    }

    @Override
    public void crossEntropy(
            Tensor logits, int[] labels, double cap, double weight, double[] losses, int[] best) {
        int rows = rows(logits);
        require(rows <= labels.length && rows <= losses.length, "cross entropy", logits);
        long bytes = (long) rows * (Double.BYTES + Integer.BYTES);
        long found = scratch.bytes(bytes);
        KernelCall call = kernels.crossEntropy().begin().parameter(address(logits));
        call.parameter(integers.upload(labels)).parameter((float) cap);
        call.parameter((float) Math.max(weight, 0));
        call.parameter(found).parameter(found + (long) rows * Double.BYTES);
        call.parameter(width(logits)).launch(rows, 1, 1, LOSS_THREADS);
        try (Arena local = Arena.ofConfined()) {
            MemorySegment results = local.allocate(bytes, Double.BYTES);
            memory.download(results, found);
            MemorySegment.copy(results, ValueLayout.JAVA_DOUBLE, 0, losses, 0, rows);
            long first = (long) rows * Double.BYTES;
            MemorySegment.copy(results, ValueLayout.JAVA_INT, first, best, 0, rows);
        }
    }

    @Override
    public double sumOfSquares(Tensor values) {
        long count = values.shape().elements();
        int parts = Math.toIntExact(Math.ceilDiv(count, SQUARES));
        long sums = scratch.bytes((long) parts * Double.BYTES);
        KernelCall call = kernels.sumOfSquares().begin().parameter(address(values));
        call.parameter(count).parameter(sums).launch(parts, 1, 1, THREADS);
        double sum = 0;
        try (Arena local = Arena.ofConfined()) {
            MemorySegment results = local.allocate(ValueLayout.JAVA_DOUBLE, parts);
            memory.download(results, sums);
            for (long i = 0; i < parts; i++) {
                sum += results.getAtIndex(ValueLayout.JAVA_DOUBLE, i);
            }
        }
        return sum;
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
        long count = master.shape().elements();
        KernelCall call = kernels.update().begin().parameter(address(master));
        call.parameter(address(gradient)).parameter(address(firstMoment));
        call.parameter(address(secondMoment)).parameter(copy == null ? 0 : address(copy));
        call.parameter(count).parameter((float) step.gradientScale());
        call.parameter((float) (1 - step.beta1())).parameter((float) step.beta2());
        call.parameter((float) (1 - step.beta2()));
        call.parameter((float) (step.rate() / step.firstCorrection()));
        call.parameter((float) (1 / Math.sqrt(step.secondCorrection())));
        call.parameter((float) step.epsilon());
        call.parameter((float) (1 - step.rate() * step.decay()));
        call.launch(blocks(count), 1, 1, THREADS);
    }

    @Override
    public void round(Tensor values, Tensor copy) {
        long count = values.shape().elements();
        KernelCall call = kernels.round().begin().parameter(address(values));
        call.parameter(address(copy)).parameter(count).launch(blocks(count), 1, 1, THREADS);
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            try (arena;
                    host) {
                queue.driver().close();
            }
        }
    }
}
