package dev.longhand.kernels.cpu;

import dev.longhand.bindings.cpu.CpuActivation;
import dev.longhand.bindings.cpu.CpuAvailability;
import dev.longhand.bindings.cpu.CpuContext;
import dev.longhand.bindings.cpu.CpuDtype;
import dev.longhand.bindings.cpu.CpuLibrary;
import dev.longhand.bindings.cpu.NativeLora;
import dev.longhand.bindings.cpu.NativeLoraRows;
import dev.longhand.kernels.activation.Activation;
import dev.longhand.kernels.attention.AttentionOptions;
import dev.longhand.kernels.backend.Capabilities;
import dev.longhand.kernels.backend.StepShape;
import dev.longhand.kernels.backend.TypedBackend;
import dev.longhand.kernels.batch.Rows;
import dev.longhand.kernels.kvcache.KvShape;
import dev.longhand.kernels.lora.LoraAdapter;
import dev.longhand.kernels.lora.LoraDelta;
import dev.longhand.kernels.matmul.PlacedMatrix;
import dev.longhand.kernels.rope.RopeAppend;
import dev.longhand.kernels.sampling.HostSampler;
import dev.longhand.kernels.sampling.SamplerState;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * The backend of our C kernels, on a pool of native threads. Tensors are host memory: weights are
 * read in the mapped file. Each engine has its own instance, with its own threads.
 */
public final class CpuBackend extends TypedBackend<HostTensor, CpuLinear, CpuStepBatch, CpuKv> {
    private final CpuLibrary library;
    private final CpuContext context;
    private final Arena arena = Arena.ofShared();
    private final WeightMemory weightMemory;
    private final NativeLoraRows loras = new NativeLoraRows();
    private final Capabilities capabilities;

    /**
     * Starts the threads.
     *
     * @param isa an instruction set that the library names, or null for the best
     * @param threads number of threads; 0 is one per processor
     */
    public CpuBackend(CpuLibrary library, @Nullable String isa, int threads) {
        super(HostTensor.class, CpuLinear.class, CpuStepBatch.class, CpuKv.class);
        int count = threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
        this.library = library;
        weightMemory = new WeightMemory(library);
        context = library.open(isa, count);
        String description =
                "cpu (%s, %d thread%s)"
                        .formatted(
                                isa != null ? isa : library.isaNames().getFirst(),
                                count,
                                count == 1 ? "" : "s");
        capabilities =
                new Capabilities(
                        description,
                        DType.F32,
                        true,
                        unsupportedWeights(),
                        Capabilities.AttentionSupport.ANY);
    }

    /** Reports whether the C kernels are available; the first call loads the library. */
    public static CpuAvailability availability() {
        return CpuLibrary.availability(CpuBackend.class, "/dev/longhand/kernels/native");
    }

    private static Map<DType, String> unsupportedWeights() {
        String supported =
                DType.quantizableTypes().stream()
                        .filter(CpuDtypes::has)
                        .map(DType::label)
                        .collect(Collectors.joining(" or "));
        return DType.quantizedTypes().stream()
                .filter(dtype -> !CpuDtypes.has(dtype))
                .collect(
                        Collectors.toMap(
                                dtype -> dtype,
                                dtype ->
                                        "the CPU kernels read weights in %s, not in %s"
                                                .formatted(supported, dtype.label())));
    }

    static CpuDtype dtype(Tensor tensor) {
        return CpuDtypes.of(tensor.dtype());
    }

    static CpuActivation of(Activation activation) {
        return switch (activation) {
            case SILU -> CpuActivation.SILU;
            case GELU_TANH -> CpuActivation.GELU_TANH;
        };
    }

    CpuContext context() {
        return context;
    }

    @Override
    public Capabilities capabilities() {
        return capabilities;
    }

    @Override
    public HostTensor allocate(DType dtype, Shape shape) {
        return HostTensor.allocate(arena, dtype, shape);
    }

    @Override
    public HostTensor place(HostTensor tensor) {
        library.preferHugePages(tensor.data());
        return tensor;
    }

    private HostTensor reserve(DType dtype, Shape shape) {
        return new HostTensor(dtype, shape, weightMemory.take(dtype.bytes(shape)));
    }

    @Override
    public HostTensor fillWeights(DType dtype, Shape shape, Consumer<HostTensor> content) {
        HostTensor filled = reserve(dtype, shape);
        content.accept(filled);
        return filled;
    }

    @Override
    public HostTensor quantize(HostTensor weights, DType dtype) {
        HostTensor quantized = reserve(dtype, weights.shape());
        context.quantize(
                weights.data(),
                dtype(weights),
                Math.toIntExact(weights.shape().extent(0)),
                Math.toIntExact(weights.shape().extent(1)),
                dtype(quantized),
                quantized.data());
        return quantized;
    }

    @Override
    protected CpuLinear prepare(List<PlacedMatrix<HostTensor>> matrices) {
        return new CpuLinear(arena, matrices);
    }

    @Override
    public CpuKv allocateKv(KvShape shape) {
        return new CpuKv(library, shape, CpuDtypes.of(shape.dtype()));
    }

    @Override
    public CpuStepBatch allocateBatch(int rowsMax, int sequencesMax, int pagesPerSequence) {
        return new CpuStepBatch(rowsMax, sequencesMax, pagesPerSequence);
    }

    @Override
    public OptionalLong freeBytes() {
        return OptionalLong.empty();
    }

    @Override
    public long scratchBytes(StepShape step) {
        return 0;
    }

    @Override
    protected void runEmbed(HostTensor table, float scale, CpuStepBatch batch, HostTensor out) {
        context.embed(
                table.data(),
                dtype(table),
                (int) table.shape().width(),
                scale,
                batch.struct(),
                out.data());
    }

    @Override
    protected void runRmsNorm(
            HostTensor x,
            HostTensor weight,
            float eps,
            HostTensor out,
            int rows,
            boolean accumulate) {
        int width = (int) x.shape().width();
        context.rmsNorm(x.data(), weight.data(), eps, out.data(), rows, width, accumulate);
    }

    @Override
    protected CpuLora prepareAdapter(Map<CpuLinear, LoraDelta> deltas) {
        return new CpuLora(deltas);
    }

    @Override
    protected void replaceWeights(CpuLinear linear, List<HostTensor> weights) {
        linear.reload(weights);
    }

    @Override
    protected void runLinear(
            CpuLinear linear, HostTensor x, HostTensor out, Rows rows, boolean accumulate) {
        collectLoras(linear, rows);
        context.linear(
                x.data(),
                rows.rows(),
                linear.inputs(),
                linear.structs(),
                loras,
                out.data(),
                accumulate);
    }

    private void collectLoras(CpuLinear linear, Rows rows) {
        loras.clear();
        for (int first = 0, end; first < rows.rows(); first = end) {
            end = rows.adapterEnd(first);
            LoraAdapter adapter = rows.adapter(first);
            NativeLora change = adapter == null ? null : own(CpuLora.class, adapter).of(linear);
            if (change != null) {
                loras.add(first, end - first, change);
            }
        }
    }

    @Override
    protected void runRopeAppend(
            HostTensor qkv,
            HostTensor rope,
            @Nullable OwnNorms<HostTensor> norms,
            CpuStepBatch batch,
            CpuKv kv,
            int layer) {
        context.ropeAppend(
                qkv.data(),
                RopeAppend.heads(qkv, kv.shape()),
                rope.data(),
                norms == null ? MemorySegment.NULL : norms.query().data(),
                norms == null ? MemorySegment.NULL : norms.key().data(),
                norms == null ? 0 : norms.eps(),
                batch.struct(),
                kv.struct(),
                layer);
    }

    @Override
    protected void runAttention(
            HostTensor qkv,
            AttentionOptions options,
            CpuStepBatch batch,
            CpuKv kv,
            int layer,
            HostTensor out) {
        context.attention(
                qkv.data(),
                RopeAppend.heads(qkv, kv.shape()),
                options.scale(),
                options.cap(),
                options.window(),
                batch.struct(),
                kv.struct(),
                layer,
                out.data());
    }

    @Override
    protected void runSwiGlu(HostTensor gateUp, Activation activation, HostTensor out, int rows) {
        int width = (int) out.shape().width();
        context.swiGlu(gateUp.data(), of(activation), out.data(), rows, width);
    }

    @Override
    protected void runSoftCap(HostTensor x, float cap, int rows) {
        context.softCap(x.data(), rows * x.shape().width(), cap);
    }

    @Override
    protected void runGather(HostTensor x, CpuStepBatch batch, HostTensor out) {
        context.gatherRows(
                x.data(),
                batch.selectedRows(),
                out.data(),
                batch.selectedCount(),
                (int) x.shape().width());
    }

    @Override
    protected void runSample(HostTensor logits, SamplerState[] states, int count) {
        HostSampler.sample(logits, states, count);
    }

    @Override
    protected void copyPageOf(CpuKv kv, int from, int to) {
        context.copyPage(kv.struct(), from, to);
    }

    @Override
    protected long firstNonFinite(HostTensor tensor) {
        return context.findNonFinite(tensor.data(), dtype(tensor), tensor.shape().elements());
    }

    @Override
    protected void readRow(HostTensor tensor, int row, float[] into) {
        long first = row * tensor.shape().width() * Float.BYTES;
        MemorySegment.copy(
                tensor.data(), ValueLayout.JAVA_FLOAT_UNALIGNED, first, into, 0, into.length);
    }

    @Override
    public void close() {
        context.close();
        weightMemory.close();
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
