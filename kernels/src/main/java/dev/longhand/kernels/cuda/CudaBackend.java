package dev.longhand.kernels.cuda;

import static dev.longhand.kernels.cuda.CudaTensor.address;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.longhand.bindings.cuda.CudaDriver;
import dev.longhand.bindings.cuda.CudaDrivers;
import dev.longhand.bindings.cuda.CudaLibrary;
import dev.longhand.bindings.cuda.CudaQueue;
import dev.longhand.kernels.activation.SwiGlu;
import dev.longhand.kernels.attention.Attention;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.batch.Rows;
import dev.longhand.kernels.batch.StepBatch;
import dev.longhand.kernels.embedding.Embedding;
import dev.longhand.kernels.kvcache.KvCache;
import dev.longhand.kernels.kvcache.KvShape;
import dev.longhand.kernels.lora.LoraAdapter;
import dev.longhand.kernels.lora.LoraDelta;
import dev.longhand.kernels.matmul.Linear;
import dev.longhand.kernels.matmul.LinearMatrix;
import dev.longhand.kernels.norm.Norm;
import dev.longhand.kernels.norm.RmsNorm;
import dev.longhand.kernels.rope.RopeAppend;
import dev.longhand.kernels.sampling.SamplerState;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;

/**
 * Our CUDA kernels on one stream of one device. Activations are F32 and rounded to bf16 where they
 * enter a tensor core. Weights are bf16, to which f16 and f32 are rounded, or quantised, whose
 * values are exact in a tensor core. Sums are F32.
 */
public final class CudaBackend implements ComputeBackend {
    private static final int THREADS = 256;

    private final Arena arena = Arena.ofShared();
    private final CudaQueue queue;
    private final DeviceMemory memory;
    private final CudaKernels kernels;
    private final Map<Integer, CudaAttention> attention = new HashMap<>();
    private final Map<DType, KernelCall> embed = new HashMap<>();
    private final KernelCall gatherRows;
    private final KernelCall rmsNorm;
    private final KernelCall swiGlu;
    private final KernelCall ropeAppend;
    private final KernelCall copyPage;
    private final CudaLinearKernels linears;
    private final CudaLoras loras;
    private final StepGraphs graphs;
    private final NonFiniteCheck nonFiniteCheck;
    private final CudaQuantizer quantizer;
    private @Nullable CublasPrefill cublas;
    private final KernelCall sample;
    private @Nullable CudaSampler sampler;
    private boolean closed;

    /**
     * Opens a device of a driver library and loads the kernels.
     *
     * @throws dev.longhand.bindings.cuda.CudaUnavailableException if the library is not there
     * @throws dev.longhand.bindings.cuda.CudaDriverException if a driver call fails
     */
    public CudaBackend(CudaLibrary library, int ordinal) {
        this(library, ordinal, CudaKernels::ptx);
    }

    /** The same with PTX texts from another source, by name. */
    CudaBackend(CudaLibrary library, int ordinal, Function<String, byte[]> ptx) {
        CudaDriver driver = CudaDrivers.open(library, ordinal);
        try {
            queue = CudaQueue.create(driver);
            memory = new DeviceMemory(queue);
            quantizer = new CudaQuantizer(memory);
            kernels = new CudaKernels(queue, arena, ptx);
            for (DType dtype : List.of(DType.F32, DType.BF16, DType.F16)) {
                embed.put(dtype, kernels.call("embed", "embed" + suffix(dtype)));
            }
            Map<DType, KernelCall> findNonFinite = new EnumMap<>(DType.class);
            for (DType dtype : List.of(DType.F32, DType.BF16)) {
                String kernel = "find_nonfinite" + suffix(dtype);
                findNonFinite.put(dtype, kernels.call("find_nonfinite", kernel));
            }
            gatherRows = kernels.call("embed", "gather_rows");
            rmsNorm = kernels.call("rms_norm", "rms_norm");
            swiGlu = kernels.call("swiglu", "swiglu");
            ropeAppend = kernels.call("rope_append", "rope_append");
            copyPage = kernels.call("rope_append", "copy_page");
            sample = kernels.call("sample", "sample");
            loras = new CudaLoras(queue, memory);
            linears = new CudaLinearKernels(kernels, loras);
            graphs = new StepGraphs(queue);
            nonFiniteCheck = new NonFiniteCheck(queue, memory, findNonFinite);
        } catch (RuntimeException e) {
            try (arena;
                    driver) {
                throw e;
            }
        }
    }

    /**
     * Has cuBLAS multiply the many rows of prompts; see {@link dev.longhand.kernels.Prefill}.
     *
     * @throws dev.longhand.bindings.cuda.CudaUnavailableException if it is not there
     * @throws dev.longhand.bindings.cuda.CublasException if it refuses
     */
    public void prefillByCublas() {
        CublasPrefill peer = new CublasPrefill(queue, memory, kernels, gatherRows);
        cublas = peer;
        linears.prefillBy(peer);
    }

    private static String suffix(DType dtype) {
        return "_" + dtype.label();
    }

    /** The queue of all its work, for measurements beside it. */
    public CudaQueue queue() {
        return queue;
    }

    @Override
    public String description() {
        CublasPrefill peer = cublas;
        String prefill = peer == null ? "" : ", " + peer.description();
        return "cuda (%s%s)".formatted(queue.driver().device().name(), prefill);
    }

    @Override
    public Tensor allocate(DType dtype, Shape shape) {
        return DeviceTensor.zeros(memory, dtype, shape);
    }

    @Override
    public Tensor place(HostTensor tensor) {
        return WeightTensor.borrowing(memory, tensor);
    }

    @Override
    public Linear linear(List<LinearMatrix> matrices) {
        return linears.prepare(new CudaLinear(memory, matrices));
    }

    @Override
    public DType kvDtypeDefault() {
        return DType.BF16;
    }

    @Override
    public OptionalLong memoryAvailableBytes() {
        return OptionalLong.of(queue.driver().memoryInfo().freeBytes());
    }

    @Override
    public Tensor quantize(HostTensor weights, DType dtype) {
        return quantizer.quantize(weights, dtype);
    }

    @Override
    public Optional<String> refusal(KvShape shape, int heads) {
        return shape.dtype() == DType.BF16
                ? CudaAttention.refusal(shape, heads)
                : Optional.of("the CUDA kernels keep keys and values in bf16");
    }

    @Override
    public Linear gatedLinear(LinearMatrix gate, LinearMatrix up) {
        return linears.prepare(new CudaLinear(memory, gate, up));
    }

    @Override
    public LoraAdapter adapter(List<LoraDelta> deltas) {
        return loras.load(deltas);
    }

    @Override
    public void reload(Linear linear, List<HostTensor> weights) {
        ((CudaLinear) linear).reload(memory, weights);
    }

    @Override
    public KvCache allocateKv(KvShape shape) {
        if (shape.dtype() != DType.BF16) {
            throw new IllegalArgumentException("the CUDA kernels keep keys and values in bf16");
        }
        return new CudaKv(memory, shape);
    }

    @Override
    public StepBatch allocateBatch(int rowsMax, int sequencesMax, int pagesPerSequence) {
        return new CudaStepBatch(queue, loras, rowsMax, sequencesMax, pagesPerSequence);
    }

    @Override
    public boolean replayStep(StepBatch batch, KvCache kv) {
        return graphs.replay((CudaStepBatch) batch, kv);
    }

    @Override
    public void endStep(StepBatch batch, KvCache kv) {
        graphs.end();
    }

    @Override
    public void embed(Tensor table, StepBatch batch, Tensor out) {
        Embedding.check(table, batch, out);
        CudaStepBatch rows = (CudaStepBatch) batch;
        rows.synchronise();
        int width = Math.toIntExact(table.shape().width());
        // bf16 is read as the linear kernels have it, so that a tied head shares its memory
        CudaMatrix shared = table.dtype() == DType.BF16 ? WeightTensor.of(table).matrix() : null;
        int stride = shared == null ? width : shared.chunks() * CudaMatrix.CHUNK;
        KernelCall call = embed.get(table.dtype());
        if (call == null) {
            throw new IllegalArgumentException("no embedding in " + table.dtype());
        }
        call.begin().parameter(shared == null ? address(table) : shared.address());
        call.parameter(stride).parameter(width);
        call.parameter(rows.tokensAddress()).parameter(address(out));
        call.launch(batch.rows(), 1, 1, THREADS);
    }

    @Override
    public void rmsNorm(Tensor x, Tensor weight, float eps, Tensor out, int rows) {
        RmsNorm.check(x, weight, out, rows);
        rmsNorm.begin().parameter(address(x)).parameter(address(weight)).parameter(eps);
        rmsNorm.parameter(address(out)).parameter((int) x.shape().width());
        rmsNorm.launch(rows, 1, 1, THREADS);
    }

    @Override
    public void applyLinear(Linear linear, Tensor x, Tensor out, Rows rows, boolean accumulate) {
        linear.check(x, out, rows.rows());
        if (((CudaLinear) linear).gated()) {
            throw new IllegalArgumentException("gate and up are for applyGated");
        }
        linears.run((CudaLinear) linear, x, null, out, rows, accumulate);
    }

    @Override
    public void applyNormed(
            Linear linear, Tensor x, Norm norm, Tensor normed, Tensor out, Rows rows) {
        linear.check(x, out, rows.rows());
        RmsNorm.check(x, norm.weight(), x, rows.rows());
        linears.run((CudaLinear) linear, x, norm, out, rows, false);
    }

    @Override
    public void applyGated(
            Linear gateUp, Tensor x, Norm norm, Tensor normed, Tensor both, Tensor out, Rows rows) {
        gateUp.check(x, both, rows.rows());
        SwiGlu.check(both, out, rows.rows());
        RmsNorm.check(x, norm.weight(), x, rows.rows());
        linears.run((CudaLinear) gateUp, x, norm, out, rows, false);
    }

    @Override
    public void ropeAppend(Tensor qkv, Tensor rope, StepBatch batch, KvCache kv, int layer) {
        RopeAppend.check(qkv, rope, batch, kv.shape(), layer);
        CudaStepBatch rows = (CudaStepBatch) batch;
        rows.synchronise();
        int heads = RopeAppend.heads(qkv, kv.shape());
        ropeAppend.begin().parameter(address(qkv)).parameter(heads).parameter(address(rope));
        StepStructs.set(ropeAppend.struct(StepStructs.BATCH), rows);
        StepStructs.set(ropeAppend.struct(StepStructs.PAGED_KV), (CudaKv) kv, layer);
        int all = heads + 2 * kv.shape().kvHeads();
        ropeAppend.launch(batch.rows(), all, 1, 64);
    }

    @Override
    public void attention(Tensor qkv, StepBatch batch, KvCache kv, int layer, Tensor out) {
        Attention.check(qkv, batch, kv.shape(), layer, out);
        CudaStepBatch rows = (CudaStepBatch) batch;
        rows.synchronise();
        CudaAttention kernel = attention.get(kv.shape().headDim());
        if (kernel == null) {
            kernel = new CudaAttention(queue, memory, kernels, kv.shape().headDim());
            attention.put(kv.shape().headDim(), kernel);
        }
        kernel.run(qkv, rows, (CudaKv) kv, layer, out);
    }

    @Override
    public void swiGlu(Tensor gateUp, Tensor out, int rows) {
        SwiGlu.check(gateUp, out, rows);
        int width = (int) out.shape().width();
        swiGlu.begin().parameter(address(gateUp)).parameter(address(out)).parameter(width);
        swiGlu.launch(Math.ceilDiv(width, THREADS), rows, 1, THREADS);
    }

    @Override
    public void gatherSelected(Tensor x, StepBatch batch, Tensor out) {
        CudaStepBatch rows = (CudaStepBatch) batch;
        rows.synchronise();
        gatherRows.begin().parameter(address(x)).parameter((int) x.shape().width());
        gatherRows.parameter(rows.selectedAddress()).parameter(address(out));
        gatherRows.launch(batch.selectedCount(), 1, 1, THREADS);
    }

    @Override
    public void sample(Tensor logits, SamplerState[] slots, int count) {
        CudaSampler drawing = sampler;
        if (drawing == null || !drawing.fits(logits.shape())) {
            if (drawing != null) {
                drawing.close();
                sampler = null; // an allocation that fails leaves none
            }
            drawing = new CudaSampler(queue, memory, sample, logits.shape());
            sampler = drawing;
        }
        drawing.sample(address(logits), slots, count);
    }

    @Override
    public long sampleBytes(Shape logits) {
        return CudaSampler.bytes(logits);
    }

    @Override
    public long productBytes(int rows, int inputsMax, int gateUp) {
        return cublas == null ? 0 : CublasPrefill.bytes(rows, inputsMax, gateUp);
    }

    @Override
    public void copyPage(KvCache kv, int from, int to) {
        CudaKv cache = (CudaKv) kv;
        for (long half : new long[] {cache.keys(), cache.values()}) {
            copyPage.begin().parameter(half).parameter(kv.shape().pages());
            copyPage.parameter((int) (cache.pageBytes() / 16)).parameter(from).parameter(to);
            copyPage.launch(kv.shape().layers(), 1, 1, THREADS);
        }
    }

    @Override
    public long findNonFinite(Tensor tensor) {
        return nonFiniteCheck.find(tensor);
    }

    @Override
    public void read(Tensor tensor, int row, float[] into) {
        try (Arena local = Arena.ofConfined()) {
            MemorySegment values = local.allocate(JAVA_FLOAT, into.length);
            long first = row * tensor.shape().width() * Float.BYTES;
            memory.download(values, address(tensor) + first);
            MemorySegment.copy(values, JAVA_FLOAT, 0, into, 0, into.length);
        }
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            quantizer.close();
            CublasPrefill peer = cublas;
            if (peer != null) {
                peer.close();
            }
            queue.driver().close();
            arena.close();
        }
    }
}
