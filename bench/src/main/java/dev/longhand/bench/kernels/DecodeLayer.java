package dev.longhand.bench.kernels;

import dev.longhand.kernels.activation.Activation;
import dev.longhand.kernels.attention.AttentionOptions;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.batch.StepBatch;
import dev.longhand.kernels.kvcache.KvCache;
import dev.longhand.kernels.kvcache.KvShape;
import dev.longhand.kernels.lora.LoraAdapter;
import dev.longhand.kernels.lora.LoraDelta;
import dev.longhand.kernels.lora.LoraMatrix;
import dev.longhand.kernels.matmul.Linear;
import dev.longhand.kernels.matmul.LinearMatrix;
import dev.longhand.kernels.norm.Norm;
import dev.longhand.kernels.rope.RopeTable;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One decoder layer with random weights, for measuring decode steps; no two sequences share a KV
 * page. All matrices are views of one block of host memory; on a device each has its own copy.
 */
final class DecodeLayer implements AutoCloseable {
    /** Runs and measures the ops of a step, in order. */
    interface Meter {
        /**
         * Runs one op.
         *
         * @param floor the bytes that the op must read
         * @param launch queues the op
         * @param wait waits for all queued work
         */
        void run(String op, OpTraffic.Floor floor, Runnable launch, Runnable wait);

        /** The number of times that the step runs. */
        default int steps() {
            return 1;
        }
    }

    private static final float EPS = 1e-6f;

    private final ComputeBackend backend;
    private final LayerShape shape;
    private final DType weights;
    private final Arena arena = Arena.ofShared();
    private final RandomBlock block;
    private final Norm norm;
    private final Linear qkvLinear;
    private final Linear outputLinear;
    private final Linear gateUp;
    private final Linear downLinear;

    /**
     * Places the weights on a backend, which the caller closes.
     *
     * @param weights BF16, or the dtype to which the weights are quantised
     */
    DecodeLayer(ComputeBackend backend, LayerShape shape, DType weights) {
        this.backend = backend;
        this.shape = shape;
        this.weights = weights;
        int hidden = shape.hidden();
        block = new RandomBlock(arena, LayerShape.matrixBytes(shape.intermediate(), hidden));
        norm = new Norm(backend.place(block.ones(hidden)), EPS);
        qkvLinear =
                backend.linear(
                        List.of(
                                biased(shape.queryWidth(), hidden),
                                biased(shape.keyWidth(), hidden),
                                biased(shape.keyWidth(), hidden)));
        outputLinear = backend.linear(List.of(plain(hidden, shape.queryWidth())));
        gateUp =
                backend.gatedLinear(
                        plain(shape.intermediate(), hidden), plain(shape.intermediate(), hidden));
        downLinear = backend.linear(List.of(plain(hidden, shape.intermediate())));
    }

    private LinearMatrix plain(int outputs, int inputs) {
        HostTensor host = block.view(outputs, inputs);
        Tensor tensor = weights.quantized() ? backend.quantize(host, weights) : backend.place(host);
        return new LinearMatrix(tensor, null);
    }

    private LinearMatrix biased(int outputs, int inputs) {
        return new LinearMatrix(
                plain(outputs, inputs).weights(), backend.place(block.ones(outputs)));
    }

    /**
     * Fills a KV cache and runs a decode step.
     *
     * @param sequences the number of sequences, each with one row in the step
     * @param context the number of positions that a row attends to, its own included
     * @param rank the rank of the adapter that every sequence applies to all linear layers; 0 for
     *     none
     */
    void decode(int sequences, int context, int rank, Meter meter) {
        int pagesEach = KvShape.pagesFor(context);
        KvShape kvShape =
                new KvShape(
                        1,
                        sequences * pagesEach,
                        shape.kvHeads(),
                        shape.headDim(),
                        backend.capabilities().kvDtype());
        int filled = Math.min(context, KvShape.PAGE_POSITIONS);
        try (LoraAdapter adapter = adapter(rank);
                KvCache kv = backend.allocateKv(kvShape);
                StepBatch batch =
                        backend.allocateBatch(Math.max(sequences, filled), sequences, pagesEach)) {
            for (int i = 0; i < kvShape.pages(); i++) {
                batch.setPage(i / pagesEach, i % pagesEach, i);
            }
            Tensor rope = rope(context);
            fill(kv, batch, rope, filled);
            batch.clear();
            for (int sequence = 0; sequence < sequences; sequence++) {
                batch.add(0, context - 1, sequence);
                batch.setAdapter(sequence, rank == 0 ? null : adapter);
            }
            step(batch, kv, rope, context, rank, meter);
        }
    }

    private Tensor rope(int positions) {
        float[] frequencies = new float[shape.headDim() / 2];
        for (int i = 0; i < frequencies.length; i++) {
            frequencies[i] = (float) Math.pow(1e6, -2.0 * i / shape.headDim());
        }
        return backend.place(RopeTable.build(arena, frequencies, 1, positions));
    }

    /** Appends one page of positions and copies it to every other page. */
    private void fill(KvCache kv, StepBatch batch, Tensor rope, int positions) {
        for (int position = 0; position < positions; position++) {
            batch.add(0, position, 0);
        }
        backend.ropeAppend(activations(positions, shape.qkvWidth()), rope, null, batch, kv, 0);
        for (int page = 1; page < kv.shape().pages(); page++) {
            backend.copyPage(kv, 0, page);
        }
    }

    private LoraAdapter adapter(int rank) {
        List<LoraDelta> deltas = new ArrayList<>();
        for (Linear linear : List.of(qkvLinear, outputLinear, gateUp, downLinear)) {
            Map<Integer, LoraMatrix> changes = new HashMap<>();
            for (int m = 0; rank > 0 && m < linear.matrices().size(); m++) {
                int outputs = linear.matrices().get(m).outputs();
                HostTensor a = block.view(rank, linear.inputs());
                changes.put(m, new LoraMatrix(a, block.view(outputs, rank), 1));
            }
            if (rank > 0) {
                deltas.add(new LoraDelta(linear, changes));
            }
        }
        return backend.adapter(deltas);
    }

    private void step(
            StepBatch batch, KvCache kv, Tensor rope, int context, int rank, Meter meter) {
        int rows = batch.rows();
        int width = shape.hidden();
        int queryWidth = shape.queryWidth();
        int inner = shape.intermediate();
        Tensor hidden = activations(rows, width);
        Tensor normed = activations(rows, width);
        Tensor qkv = activations(rows, shape.qkvWidth());
        Tensor attended = activations(rows, queryWidth);
        Tensor both = activations(rows, 2 * inner);
        Tensor activated = activations(rows, inner);
        long x = f32(rows + 1, width); // with the norm
        OpTraffic.Floor kvFloor =
                new OpTraffic.Floor(0, 0, shape.kvBytes(context, rows), f32(rows, queryWidth));
        Recorder step = new Recorder(meter, hidden); // the fill is not measured

        for (int i = 0; i < meter.steps(); i++) {
            step.run(
                    "norm, qkv",
                    matrix(shape.qkvWidth(), width, 3, rank, x + f32(1, shape.qkvWidth())),
                    () -> backend.applyNormed(qkvLinear, hidden, norm, normed, qkv, batch));
            step.run(
                    "rope, append",
                    new OpTraffic.Floor(0, 0, 0, f32(rows, shape.qkvWidth() + shape.headDim())),
                    () -> backend.ropeAppend(qkv, rope, null, batch, kv, 0));
            step.run(
                    "attention",
                    kvFloor,
                    () ->
                            backend.attention(
                                    qkv,
                                    AttentionOptions.of(shape.headDim()),
                                    batch,
                                    kv,
                                    0,
                                    attended));
            step.run(
                    "output",
                    matrix(width, queryWidth, 1, rank, f32(rows, queryWidth + width)),
                    () -> backend.applyLinear(outputLinear, attended, hidden, batch, true));
            step.run(
                    "norm, gate, up",
                    matrix(2 * inner, width, 2, rank, x),
                    () ->
                            backend.applyGated(
                                    gateUp,
                                    hidden,
                                    norm,
                                    Activation.SILU,
                                    normed,
                                    both,
                                    activated,
                                    batch));
            step.run(
                    "down",
                    matrix(width, inner, 1, rank, f32(rows, inner + width)),
                    () -> backend.applyLinear(downLinear, activated, hidden, batch, true));
        }
    }

    /** Passes ops to a meter, with an action that waits for the device's queue. */
    private final class Recorder {
        private final Meter meter;
        private final Tensor tensor;

        Recorder(Meter meter, Tensor tensor) {
            this.meter = meter;
            this.tensor = tensor;
            synchronize();
        }

        void run(String op, OpTraffic.Floor floor, Runnable launch) {
            meter.run(op, floor, launch, this::synchronize);
        }

        /** Waits for the queue by reading a tensor. */
        private void synchronize() {
            backend.read(tensor, 0, new float[1]);
        }
    }

    private Tensor activations(int rows, int width) {
        HostTensor tensor = HostTensor.allocate(arena, DType.F32, Shape.of(rows, width));
        for (int i = 0; i < rows * width; i++) {
            tensor.set(i, (float) Math.sin(i));
        }
        return backend.place(tensor);
    }

    /**
     * Returns the floor of {@code matrices} matrices that read the same input, each with an
     * adapter.
     */
    private OpTraffic.Floor matrix(
            int outputs, int inputs, int matrices, int rank, long operandBytes) {
        return new OpTraffic.Floor(
                weights.bytes(Shape.of(outputs, inputs)) + LayerShape.matrixBytes(outputs, rank),
                LayerShape.matrixBytes(matrices * rank, inputs),
                0,
                operandBytes);
    }

    private static long f32(long rows, long width) {
        return rows * width * Float.BYTES;
    }

    @Override
    public void close() {
        arena.close();
    }
}
