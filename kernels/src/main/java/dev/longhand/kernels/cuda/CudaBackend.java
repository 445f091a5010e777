package dev.longhand.kernels.cuda;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.longhand.bindings.cuda.CudaDriver;
import dev.longhand.bindings.cuda.CudaDrivers;
import dev.longhand.bindings.cuda.CudaLibrary;
import dev.longhand.bindings.cuda.CudaQueue;
import dev.longhand.kernels.activation.Activation;
import dev.longhand.kernels.attention.AttentionOptions;
import dev.longhand.kernels.backend.Capabilities;
import dev.longhand.kernels.backend.StepShape;
import dev.longhand.kernels.backend.TypedBackend;
import dev.longhand.kernels.batch.Rows;
import dev.longhand.kernels.batch.StepBatch;
import dev.longhand.kernels.kvcache.KvCache;
import dev.longhand.kernels.kvcache.KvShape;
import dev.longhand.kernels.lora.LoraDelta;
import dev.longhand.kernels.matmul.PlacedMatrix;
import dev.longhand.kernels.rope.RopeAppend;
import dev.longhand.kernels.sampling.SamplerState;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The backend of our CUDA kernels, on one stream of one device. Activations are F32, and are
 * rounded to bf16 where they enter a tensor core. Weights are bf16 (f16 and f32 are rounded to it)
 * or quantised, to values that are exact in a tensor core. Sums are F32.
 */
public final class CudaBackend extends TypedBackend<CudaTensor, CudaLinear, CudaStepBatch, CudaKv> {
    private static final int THREADS = 256;

    private final Arena arena = Arena.ofShared();
    private final CudaQueue queue;
    private final DeviceMemory memory;
    private final CudaKernels kernels;
    private final Map<Integer, CudaAttention> attention = new HashMap<>();
    private final Map<DType, KernelCall> embed = new HashMap<>();
    private final KernelCall gatherRows;
    private final KernelCall rmsNorm;
    private final CudaActivations activations;
    private final KernelCall ropeAppend;
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
     * @throws dev.longhand.bindings.cuda.CudaUnavailableException if the library is not available
     * @throws dev.longhand.bindings.cuda.CudaDriverException if a driver call fails
     */
    public CudaBackend(CudaLibrary library, int ordinal) {
        this(library, ordinal, CudaKernels::ptx);
    }

    /** Opens a device whose PTX texts {@code ptx} returns by name. */
    CudaBackend(CudaLibrary library, int ordinal, Function<String, byte[]> ptx) {
        super(CudaTensor.class, CudaLinear.class, CudaStepBatch.class, CudaKv.class);
        CudaDriver driver = CudaDrivers.open(library, ordinal);
        try {
            queue = CudaQueue.create(driver);
            memory = new DeviceMemory(queue);
            quantizer = new CudaQuantizer(memory);
            kernels = new CudaKernels(queue, memory, arena, ptx);
            for (DType dtype : List.of(DType.F32, DType.BF16, DType.F16)) {
                embed.put(dtype, kernels.call("embed", "embed_" + dtype.label()));
            }
            Map<DType, KernelCall> findNonFinite = new EnumMap<>(DType.class);
            for (DType dtype : List.of(DType.F32, DType.BF16)) {
                String kernel = "find_nonfinite_" + dtype.label();
                findNonFinite.put(dtype, kernels.call("find_nonfinite", kernel));
            }
            gatherRows = kernels.call("embed", "gather_rows");
            rmsNorm = kernels.call("rms_norm", "rms_norm");
            activations = new CudaActivations(kernels);
            ropeAppend = kernels.call("rope_append", "rope_append");
            sample = kernels.call("sample", "sample");
            loras = new CudaLoras(queue, memory);
            linears = new CudaLinearKernels(kernels, loras);
            graphs = new StepGraphs(queue, kernels.recordsSteps());
            nonFiniteCheck = new NonFiniteCheck(queue, memory, findNonFinite);
        } catch (RuntimeException e) {
            try (arena;
                    driver) {
                throw e;
            }
        }
    }

    /**
     * Uses cuBLAS for products over the rows of prompts; see {@link dev.longhand.kernels.Prefill}.
     *
     * @throws dev.longhand.bindings.cuda.CudaUnavailableException if cuBLAS is not available
     * @throws dev.longhand.bindings.cuda.CublasException if a call to cuBLAS fails
     */
    public void prefillByCublas() {
        cublas = new CublasPrefill(queue, memory, kernels, gatherRows);
        linears.prefillBy(cublas);
    }

    /** Whether kernels may start before the preceding one ends; false if a trial changed bits. */
    public boolean overlapsLaunches() {
        return kernels.overlapsLaunches();
    }

    /** Whether decode steps are recorded and replayed as graphs; false if a trial changed bits. */
    public boolean recordsSteps() {
        return kernels.recordsSteps();
    }

    /** The queue of all work of this backend, for measurements. */
    public CudaQueue queue() {
        return queue;
    }

    @Override
    public Capabilities capabilities() {
        CublasPrefill peer = cublas;
        String prefill = peer == null ? "" : ", " + peer.description();
        return new Capabilities(
                "cuda (%s%s)".formatted(queue.driver().device().name(), prefill),
                CudaKv.DTYPE,
                false,
                CudaKernels.unsupportedWeights(),
                CudaAttention::refusal);
    }

    @Override
    public CudaTensor allocate(DType dtype, Shape shape) {
        return DeviceTensor.zeros(memory, dtype, shape);
    }

    @Override
    public CudaTensor place(HostTensor tensor) {
        return WeightTensor.borrowing(memory, tensor);
    }

    @Override
    protected CudaLinear prepare(List<PlacedMatrix<CudaTensor>> matrices) {
        return linears.prepare(new CudaLinear(memory, matrices));
    }

    @Override
    public CudaTensor fillWeights(DType dtype, Shape shape, Consumer<HostTensor> content) {
        HostTensor filled = HostTensor.allocate(Arena.ofAuto(), dtype, shape);
        content.accept(filled);
        return place(filled);
    }

    @Override
    public OptionalLong freeBytes() {
        return OptionalLong.of(queue.driver().memoryInfo().freeBytes());
    }

    @Override
    public CudaTensor quantize(HostTensor weights, DType dtype) {
        return quantizer.quantize(weights, dtype);
    }

    @Override
    public long scratchBytes(StepShape step) {
        long sampling = CudaSampler.bytes(Shape.of(step.logitRows(), step.vocabulary()));
        long products =
                cublas == null
                        ? 0
                        : CublasPrefill.bytes(step.rows(), step.inputsMax(), step.gateUpOutputs());
        long attention =
                CudaAttention.partialBytes(
                        step.sequences(), step.heads(), step.headDim(), step.positionsMax());
        return sampling + products + attention;
    }

    @Override
    protected CudaLinear prepareGated(PlacedMatrix<CudaTensor> gate, PlacedMatrix<CudaTensor> up) {
        return linears.prepare(new CudaLinear(memory, gate, up));
    }

    @Override
    protected CudaLora prepareAdapter(Map<CudaLinear, LoraDelta> deltas) {
        return loras.load(deltas);
    }

    @Override
    protected void replaceWeights(CudaLinear linear, List<HostTensor> weights) {
        linear.reload(memory, weights);
    }

    @Override
    public CudaKv allocateKv(KvShape shape) {
        return new CudaKv(memory, shape);
    }

    @Override
    public CudaStepBatch allocateBatch(int rowsMax, int sequencesMax, int pagesPerSequence) {
        return new CudaStepBatch(queue, loras, rowsMax, sequencesMax, pagesPerSequence);
    }

    @Override
    protected boolean replay(CudaStepBatch batch, CudaKv kv) {
        return graphs.replay(batch, kv);
    }

    @Override
    public void endStep(StepBatch batch, KvCache kv) {
        graphs.end();
    }

    @Override
    public void abandonStep() {
        graphs.abandon();
    }

    @Override
    protected void runEmbed(CudaTensor table, float scale, CudaStepBatch batch, CudaTensor out) {
        batch.synchronise();
        int width = Math.toIntExact(table.shape().width());
        // a bf16 table is read in the linear kernels' layout, so that a tied head shares its memory
        CudaMatrix shared = table.dtype() == DType.BF16 ? WeightTensor.of(table).matrix() : null;
        int stride = shared == null ? width : shared.chunks() * CudaMatrix.CHUNK;
        KernelCall call = embed.get(table.dtype());
        if (call == null) {
            throw new IllegalArgumentException("no embedding in " + table.dtype());
        }
        call.begin().parameter(shared == null ? table.address() : shared.address());
        call.parameter(stride).parameter(width).parameter(scale);
        call.parameter(batch.tokensAddress()).parameter(out.address());
        call.launch(batch.rows(), 1, 1, THREADS);
    }

    @Override
    protected void runRmsNorm(
            CudaTensor x,
            CudaTensor weight,
            float eps,
            CudaTensor out,
            int rows,
            boolean accumulate) {
        rmsNorm.begin().parameter(x.address()).parameter(weight.address()).parameter(eps);
        rmsNorm.parameter(out.address()).parameter((int) x.shape().width());
        rmsNorm.parameter(accumulate ? 1 : 0).launch(rows, 1, 1, THREADS);
    }

    @Override
    protected void runLinear(
            CudaLinear linear, CudaTensor x, CudaTensor out, Rows rows, boolean accumulate) {
        if (linear.gated()) {
            throw new IllegalArgumentException("gate and up are for applyGated");
        }
        linears.run(linear, x, null, 0, Activation.SILU, out, rows, accumulate);
    }

    @Override
    protected void runNormed(
            CudaLinear linear,
            CudaTensor x,
            CudaTensor weight,
            float eps,
            CudaTensor normed,
            CudaTensor out,
            Rows rows) {
        linears.run(linear, x, weight, eps, Activation.SILU, out, rows, false);
    }

    @Override
    protected void runGated(
            CudaLinear gateUp,
            CudaTensor x,
            CudaTensor weight,
            float eps,
            Activation activation,
            CudaTensor normed,
            CudaTensor both,
            CudaTensor out,
            Rows rows) {
        linears.run(gateUp, x, weight, eps, activation, out, rows, false);
    }

    @Override
    protected void runRopeAppend(
            CudaTensor qkv,
            CudaTensor rope,
            @Nullable OwnNorms<CudaTensor> norms,
            CudaStepBatch batch,
            CudaKv kv,
            int layer) {
        batch.synchronise();
        int heads = RopeAppend.heads(qkv, kv.shape());
        ropeAppend.begin().parameter(qkv.address()).parameter(heads).parameter(rope.address());
        ropeAppend.parameter(norms == null ? 0L : norms.query().address());
        ropeAppend.parameter(norms == null ? 0L : norms.key().address());
        ropeAppend.parameter(norms == null ? 0f : norms.eps());
        StepStructs.set(ropeAppend.struct(StepStructs.BATCH), batch);
        StepStructs.set(ropeAppend.struct(StepStructs.PAGED_KV), kv, layer);
        int all = heads + 2 * kv.shape().kvHeads();
        ropeAppend.launch(batch.rows(), all, 1, 64);
    }

    @Override
    protected void runAttention(
            CudaTensor qkv,
            AttentionOptions options,
            CudaStepBatch batch,
            CudaKv kv,
            int layer,
            CudaTensor out) {
        batch.synchronise();
        CudaAttention kernel = attention.get(kv.shape().headDim());
        if (kernel == null) {
            kernel = new CudaAttention(kernels, kv.shape().headDim());
            attention.put(kv.shape().headDim(), kernel);
        }
        kernel.run(qkv, options, batch, kv, layer, out);
    }

    @Override
    protected void runSwiGlu(CudaTensor gateUp, Activation activation, CudaTensor out, int rows) {
        activations.swiGlu(gateUp, activation, out, rows);
    }

    @Override
    protected void runSoftCap(CudaTensor x, float cap, int rows) {
        activations.softCap(x, cap, rows);
    }

    @Override
    protected void runGather(CudaTensor x, CudaStepBatch batch, CudaTensor out) {
        batch.synchronise();
        gatherRows.begin().parameter(x.address()).parameter((int) x.shape().width());
        gatherRows.parameter(batch.selectedAddress()).parameter(out.address());
        gatherRows.launch(batch.selectedCount(), 1, 1, THREADS);
    }

    @Override
    protected void runSample(CudaTensor logits, SamplerState[] states, int count) {
        CudaSampler current = sampler;
        if (current == null || !current.fits(logits.shape())) {
            if (current != null) {
                current.close();
                sampler = null; // in case the next allocation fails
            }
            current = new CudaSampler(queue, memory, sample, logits.shape());
            sampler = current;
        }
        current.sample(logits.address(), states, count);
    }

    @Override
    protected void copyPageOf(CudaKv kv, int from, int to) {
        kv.copyPage(queue, from, to);
    }

    @Override
    protected long firstNonFinite(CudaTensor tensor) {
        return nonFiniteCheck.find(tensor);
    }

    @Override
    protected void readRow(CudaTensor tensor, int row, float[] into) {
        try (Arena local = Arena.ofConfined()) {
            MemorySegment values = local.allocate(JAVA_FLOAT, into.length);
            long first = row * tensor.shape().width() * Float.BYTES;
            memory.download(values, tensor.address() + first);
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
