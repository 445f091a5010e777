package dev.longhand.kernels.cuda;

import static dev.longhand.kernels.cuda.DeviceTensor.address;

import dev.longhand.kernels.attention.AttentionOptions;
import dev.longhand.kernels.attention.CausalAttention;
import dev.longhand.kernels.cuda.KernelStruct.Float32;
import dev.longhand.kernels.cuda.KernelStruct.Int32;
import dev.longhand.kernels.cuda.KernelStruct.Int64;
import dev.longhand.kernels.tensor.Tensor;

import java.util.HashMap;
import java.util.Map;

/** The launches of {@code attention_training.cu}. */
final class TrainingAttention {
    private static final int THREADS = 128;
    private static final int ROWS = 64;
    private static final int[] DIMS = {32, 64, 128};
    private static final String MODULE = "attention_training";
    private static final KernelStruct ATTENTION = new KernelStruct("CausalAttention");
    private static final Int64 Q = ATTENTION.int64("q");
    private static final Int64 K = ATTENTION.int64("k");
    private static final Int64 V = ATTENTION.int64("v");
    private static final Int32 POSITIONS = ATTENTION.int32("positions");
    private static final Int32 HEADS = ATTENTION.int32("heads");
    private static final Int32 KV_HEADS = ATTENTION.int32("kvHeads");
    private static final Int32 DIM = ATTENTION.int32("dim");
    private static final Int32 WINDOW = ATTENTION.int32("window");
    private static final Float32 SCALE = ATTENTION.float32("scale");
    private static final Float32 CAP = ATTENTION.float32("cap");

    private final CudaKernels kernels;
    private final ScratchMemory deltas;
    private final KernelCall delta;
    private final Map<String, KernelCall> calls = new HashMap<>();

    TrainingAttention(DeviceMemory memory, CudaKernels kernels) {
        this.kernels = kernels;
        deltas = new ScratchMemory(memory);
        delta = kernels.call(MODULE, "attention_delta");
    }

    private KernelCall call(String kernel, CausalAttention shape, Tensor q, Tensor k, Tensor v) {
        for (int dim : DIMS) {
            if (shape.headDim() <= dim) {
                KernelCall call =
                        calls.computeIfAbsent(
                                "attention_" + kernel + "_" + dim,
                                name -> kernels.call(MODULE, name));
                call.begin().struct(ATTENTION);
                call.set(Q, address(q)).set(K, address(k)).set(V, address(v));
                call.set(POSITIONS, shape.positions()).set(HEADS, shape.heads());
                call.set(KV_HEADS, shape.kvHeads()).set(DIM, shape.headDim());
                AttentionOptions options = shape.options();
                int window = options.window();
                call.set(WINDOW, window == 0 ? Integer.MAX_VALUE : window);
                return call.set(SCALE, options.scale()).set(CAP, options.cap());
            }
        }
        throw new IllegalArgumentException(
                "the CUDA kernels of training have heads of up to 128 elements, not "
                        + shape.headDim());
    }

    private static int tiles(CausalAttention shape) {
        return Math.ceilDiv(shape.positions(), ROWS);
    }

    void forward(CausalAttention shape, Tensor q, Tensor k, Tensor v, Tensor out, Tensor lse) {
        KernelCall call = call("forward", shape, q, k, v);
        call.parameter(address(out)).parameter(address(lse));
        call.launch(tiles(shape), shape.heads(), 1, THREADS);
    }

    void backward(
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
        int pairs = shape.positions() * shape.heads();
        long scratch = deltas.bytes((long) pairs * Float.BYTES);
        delta.begin().parameter(address(dout)).parameter(address(out));
        delta.parameter(scratch).parameter(pairs).parameter(shape.headDim());
        delta.launch(Math.ceilDiv(pairs, THREADS / 32), 1, 1, THREADS);

        KernelCall queries = call("backward_queries", shape, q, k, v);
        queries.parameter(address(dout)).parameter(address(lse)).parameter(scratch);
        queries.parameter(address(dq)).launch(tiles(shape), shape.heads(), 1, THREADS);

        KernelCall keys = call("backward_keys", shape, q, k, v);
        keys.parameter(address(dout)).parameter(address(lse)).parameter(scratch);
        keys.parameter(address(dk)).parameter(address(dv));
        keys.launch(tiles(shape), shape.kvHeads(), 1, THREADS);
    }
}
