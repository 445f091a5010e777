package dev.longhand.kernels.cpu;

import dev.longhand.bindings.cpu.CpuAvailability;
import dev.longhand.bindings.cpu.CpuContext;
import dev.longhand.bindings.cpu.CpuDtype;
import dev.longhand.bindings.cpu.CpuLibrary;
import dev.longhand.bindings.cpu.NativeLora;
import dev.longhand.bindings.cpu.NativeLoraRows;
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
import dev.longhand.kernels.norm.RmsNorm;
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
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Our C kernels on a pool of native threads. Tensors are host memory: weights are read where their
 * file is mapped. One instance per engine, each with threads of its own.
 */
public final class CpuBackend implements ComputeBackend {
    /** The dtypes that the C kernels have under the same name. */
    private static final Map<DType, CpuDtype> CPU_DTYPES = new EnumMap<>(DType.class);

    static {
        for (CpuDtype dtype : CpuDtype.values()) {
            CPU_DTYPES.put(DType.valueOf(dtype.name()), dtype);
        }
    }

    private final CpuLibrary library;
    private final CpuContext context;
    private final Arena arena = Arena.ofShared();
    private final WeightMemory weightMemory;
    private final NativeLoraRows loras = new NativeLoraRows();
    private final String description;

    /**
     * Starts the threads.
     *
     * @param isa an instruction set that the library names, or null for the best
     * @param threads at least 1; 0 is one per processor
     */
    public CpuBackend(CpuLibrary library, @Nullable String isa, int threads) {
        int count = threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
        this.library = library;
        weightMemory = new WeightMemory(library);
        context = library.open(isa, count);
        description =
                "cpu (%s, %d thread%s)"
                        .formatted(
                                isa != null ? isa : library.isaNames().getFirst(),
                                count,
                                count == 1 ? "" : "s");
    }

    /** Whether the C kernels are there; the library is loaded at the first call. */
    public static CpuAvailability availability() {
        return CpuLibrary.availability(CpuBackend.class, "/dev/longhand/kernels/native");
    }

    /** Whether C kernels read weights of a dtype. */
    static boolean reads(DType dtype) {
        return CPU_DTYPES.containsKey(dtype);
    }

    static CpuDtype dtype(Tensor tensor) {
        return dtype(tensor.dtype());
    }

    private static CpuDtype dtype(DType dtype) {
        CpuDtype found = CPU_DTYPES.get(dtype);
        if (found == null) {
            throw new IllegalArgumentException("no C kernel reads %s tensors".formatted(dtype));
        }
        return found;
    }

    private static MemorySegment data(Tensor tensor) {
        return ((HostTensor) tensor).data();
    }

    @Override
    public String description() {
        return description;
    }

    @Override
    public Tensor allocate(DType dtype, Shape shape) {
        return HostTensor.allocate(arena, dtype, shape);
    }

    @Override
    public Tensor place(HostTensor tensor) {
        library.preferHugePages(tensor.data());
        return tensor;
    }

    private HostTensor reserve(DType dtype, Shape shape) {
        return new HostTensor(dtype, shape, weightMemory.take(dtype.bytes(shape)));
    }

    @Override
    public Tensor fillWeights(DType dtype, Shape shape, Consumer<HostTensor> content) {
        HostTensor filled = reserve(dtype, shape);
        content.accept(filled);
        return filled;
    }

    @Override
    public Optional<String> refusal(DType weights) {
        return reads(weights)
                ? Optional.empty()
                : Optional.of(
                        "the CPU kernels read weights in %s, not in %s"
                                .formatted(
                                        DType.quantizableTypes().stream()
                                                .filter(CpuBackend::reads)
                                                .map(DType::label)
                                                .collect(Collectors.joining(" or ")),
                                        weights.label()));
    }

    @Override
    public Tensor quantize(HostTensor weights, DType dtype) {
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
    public Linear linear(List<LinearMatrix> matrices) {
        return new CpuLinear(arena, matrices);
    }

    @Override
    public KvCache allocateKv(KvShape shape) {
        return new CpuKv(library, shape, dtype(shape.dtype()));
    }

    @Override
    public StepBatch allocateBatch(int rowsMax, int sequencesMax, int pagesPerSequence) {
        return new CpuStepBatch(rowsMax, sequencesMax, pagesPerSequence);
    }

    @Override
    public void embed(Tensor table, StepBatch batch, Tensor out) {
        Embedding.check(table, batch, out);
        context.embed(
                data(table),
                dtype(table),
                (int) table.shape().width(),
                ((CpuStepBatch) batch).struct(),
                data(out));
    }

    @Override
    public void rmsNorm(Tensor x, Tensor weight, float eps, Tensor out, int rows) {
        RmsNorm.check(x, weight, out, rows);
        context.rmsNorm(data(x), data(weight), eps, data(out), rows, (int) x.shape().width());
    }

    @Override
    public LoraAdapter adapter(List<LoraDelta> deltas) {
        return new CpuLora(deltas);
    }

    @Override
    public void reload(Linear linear, List<HostTensor> weights) {
        linear.checkReload(weights);
        ((CpuLinear) linear).reload(weights);
    }

    @Override
    public void applyLinear(Linear linear, Tensor x, Tensor out, Rows rows, boolean accumulate) {
        linear.check(x, out, rows.rows());
        collectLoras(linear, rows);
        context.linear(
                data(x),
                rows.rows(),
                linear.inputs(),
                ((CpuLinear) linear).structs(),
                loras,
                data(out),
                accumulate);
    }

    private void collectLoras(Linear linear, Rows rows) {
        loras.clear();
        for (int first = 0, end; first < rows.rows(); first = end) {
            end = rows.adapterEnd(first);
            LoraAdapter adapter = rows.adapter(first);
            NativeLora change = adapter == null ? null : ((CpuLora) adapter).of(linear);
            if (change != null) {
                loras.add(first, end - first, change);
            }
        }
    }

    @Override
    public void ropeAppend(Tensor qkv, Tensor rope, StepBatch batch, KvCache kv, int layer) {
        RopeAppend.check(qkv, rope, batch, kv.shape(), layer);
        context.ropeAppend(
                data(qkv),
                RopeAppend.heads(qkv, kv.shape()),
                data(rope),
                ((CpuStepBatch) batch).struct(),
                ((CpuKv) kv).struct(),
                layer);
    }

    @Override
    public void attention(Tensor qkv, StepBatch batch, KvCache kv, int layer, Tensor out) {
        Attention.check(qkv, batch, kv.shape(), layer, out);
        context.attention(
                data(qkv),
                RopeAppend.heads(qkv, kv.shape()),
                ((CpuStepBatch) batch).struct(),
                ((CpuKv) kv).struct(),
                layer,
                data(out));
    }

    @Override
    public void swiGlu(Tensor gateUp, Tensor out, int rows) {
        SwiGlu.check(gateUp, out, rows);
        context.swiGlu(data(gateUp), data(out), rows, (int) out.shape().width());
    }

    @Override
    public void gatherSelected(Tensor x, StepBatch batch, Tensor out) {
        context.gatherRows(
                data(x),
                batch.selectedRows(),
                data(out),
                batch.selectedCount(),
                (int) x.shape().width());
    }

    @Override
    public void sample(Tensor logits, SamplerState[] slots, int count) {
        HostSampler.sample((HostTensor) logits, slots, count);
    }

    @Override
    public boolean drawsInOrder() {
        return true;
    }

    @Override
    public void copyPage(KvCache kv, int from, int to) {
        context.copyPage(((CpuKv) kv).struct(), from, to);
    }

    @Override
    public boolean copiesUnfilledPages() {
        return true;
    }

    @Override
    public long findNonFinite(Tensor tensor) {
        return context.findNonFinite(data(tensor), dtype(tensor), tensor.shape().elements());
    }

    @Override
    public void read(Tensor tensor, int row, float[] into) {
        long first = row * tensor.shape().width() * Float.BYTES;
        MemorySegment.copy(
                data(tensor), ValueLayout.JAVA_FLOAT_UNALIGNED, first, into, 0, into.length);
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
