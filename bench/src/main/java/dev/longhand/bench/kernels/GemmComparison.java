package dev.longhand.bench.kernels;

import dev.longhand.bench.report.BenchResult;
import dev.longhand.bench.report.Median;
import dev.longhand.bench.report.Metric;
import dev.longhand.bindings.cuda.CublasGemm;
import dev.longhand.bindings.cuda.CublasGemm.Operand;
import dev.longhand.bindings.cuda.CudaQueue;
import dev.longhand.bindings.cuda.CudaUnavailableException;
import dev.longhand.kernels.batch.Rows;
import dev.longhand.kernels.cuda.CudaBackend;
import dev.longhand.kernels.matmul.Linear;
import dev.longhand.kernels.matmul.LinearMatrix;
import dev.longhand.kernels.tensor.BFloat16;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.IntConsumer;

/**
 * Compares the time of our product [rows, hidden] x [hidden, intermediate] with that of cuBLAS, at
 * the rows of a prefill and at one row. Runs rotate over three copies of the matrix, which together
 * exceed L2: 283 MB each at the 32B shape. Our kernel reads F32 activations and rounds them; cuBLAS
 * reads bf16.
 */
final class GemmComparison implements AutoCloseable {
    private static final String NAME = "Matrix product";
    private static final int COPIES = 3;

    private final CudaBackend backend;
    private final CudaQueue queue;
    private final GpuPlan plan;
    private final int inputs;
    private final int outputs;
    private final Arena arena = Arena.ofShared();
    private final List<Long> owned = new ArrayList<>();
    private final MemorySegment weights;

    GemmComparison(CudaBackend backend, GpuPlan plan) {
        this.backend = backend;
        this.plan = plan;
        queue = backend.queue();
        inputs = plan.shape().hidden();
        outputs = plan.shape().intermediate();
        weights = random((long) outputs * inputs);
    }

    private MemorySegment random(long count) {
        MemorySegment values = arena.allocate(ValueLayout.JAVA_SHORT, count);
        Random random = new Random(2);
        for (long i = 0; i < count; i++) {
            short bits = BFloat16.bits(random.nextFloat() - 0.5f);
            values.setAtIndex(ValueLayout.JAVA_SHORT, i, bits);
        }
        return values;
    }

    /**
     * Measures and returns one result for each number of rows and implementation. If cuBLAS is
     * missing, one result gives the reason.
     */
    List<BenchResult> results() {
        List<BenchResult> results = new ArrayList<>();
        List<Linear> ours = new ArrayList<>();
        for (int i = 0; i < COPIES; i++) {
            HostTensor host = new HostTensor(DType.BF16, Shape.of(outputs, inputs), weights);
            ours.add(backend.linear(List.of(new LinearMatrix(backend.place(host), null))));
        }
        HostTensor host =
                HostTensor.allocate(arena, DType.F32, Shape.of(plan.prefillRows(), inputs));
        for (int i = 0; i < plan.prefillRows() * inputs; i++) {
            host.set(i, (float) Math.sin(i));
        }
        Tensor x = backend.place(host);
        Tensor out = backend.allocate(DType.F32, Shape.of(plan.prefillRows(), outputs));
        for (int rows : new int[] {plan.prefillRows(), 1}) {
            Rows plain = Rows.of(rows);
            double millis =
                    median(copy -> backend.applyLinear(ours.get(copy), x, out, plain, false));
            results.add(result("ours", rows, millis));
        }
        results.addAll(cublas());
        return results;
    }

    private List<BenchResult> cublas() {
        try (CublasGemm gemm = CublasGemm.open(queue)) {
            List<BenchResult> results = new ArrayList<>();
            List<Operand> matrices = new ArrayList<>();
            for (int i = 0; i < COPIES; i++) {
                matrices.add(new Operand(upload(weights), inputs));
            }
            long bytes = (long) plan.prefillRows() * inputs * Short.BYTES;
            Operand x = new Operand(upload(random(bytes / Short.BYTES)), inputs);
            long size = (long) plan.prefillRows() * outputs * Float.BYTES;
            Operand out = new Operand(own(queue.driver().allocate(size)), outputs);
            for (int rows : new int[] {plan.prefillRows(), 1}) {
                double millis =
                        median(
                                copy ->
                                        gemm.multiply(
                                                matrices.get(copy),
                                                x,
                                                out,
                                                rows,
                                                outputs,
                                                inputs,
                                                false));
                results.add(result("cuBLAS " + gemm.version(), rows, millis));
            }
            return results;
        } catch (CudaUnavailableException e) {
            Map<String, String> missing = new LinkedHashMap<>();
            missing.put("by", "cuBLAS");
            missing.put("note", "not measured: " + e.getMessage());
            return List.of(new BenchResult(NAME, missing, Map.of(), Map.of()));
        }
    }

    private long own(long address) {
        owned.add(address);
        return address;
    }

    private long upload(MemorySegment from) {
        long address = own(queue.driver().allocate(from.byteSize()));
        queue.copyToDevice(address, from);
        return address;
    }

    private double median(IntConsumer product) {
        try (EventTimer timer = new EventTimer(queue)) {
            for (int i = 0; i < plan.warmUps() + plan.samples(); i++) {
                timer.mark();
                product.accept(i % COPIES);
            }
            timer.mark();
            List<Double> all = timer.millis(1);
            return Median.of(all.subList(plan.warmUps(), all.size()));
        }
    }

    private BenchResult result(String by, int rows, double millis) {
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put("by", by);
        parameters.put("rows", Integer.toString(rows));
        Map<Metric, Double> metrics = new LinkedHashMap<>();
        metrics.put(Metric.of("us"), millis * 1e3);
        metrics.put(Metric.of("TFLOP/s"), 2.0 * rows * inputs * outputs / millis / 1e9);
        metrics.put(
                new Metric("weights", "GB/s"),
                LayerShape.matrixBytes(outputs, inputs) / millis / 1e6);
        return new BenchResult(NAME, parameters, metrics, Map.of());
    }

    @Override
    public void close() {
        queue.synchronize();
        owned.forEach(queue.driver()::free);
        arena.close();
    }
}
