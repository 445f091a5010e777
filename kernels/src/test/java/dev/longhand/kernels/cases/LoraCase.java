package dev.longhand.kernels.cases;

import dev.longhand.kernels.activation.Activation;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.batch.Rows;
import dev.longhand.kernels.lora.LoraAdapter;
import dev.longhand.kernels.lora.LoraDelta;
import dev.longhand.kernels.lora.LoraMatrix;
import dev.longhand.kernels.matmul.Linear;
import dev.longhand.kernels.matmul.LinearMatrix;
import dev.longhand.kernels.norm.Norm;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Linear layers under the adapters of several sequences.
 *
 * @param label which layer of which model
 * @param place how a layer of a model uses them
 * @param weights dtype of the layers' own matrices
 * @param dtype of the adapters' matrices
 * @param inputs K
 * @param outputs N of each matrix of the group
 * @param ranks of each adapter's change of each matrix; 0 leaves the matrix as it is
 * @param adapters the adapter of each row; -1 is none
 */
public record LoraCase(
        String label,
        Place place,
        DType weights,
        DType dtype,
        int inputs,
        List<Integer> outputs,
        List<List<Integer>> ranks,
        List<Integer> adapters)
        implements OpCase {
    private static final float EPS = 1e-5f;
    private static final float SCALE = 2;

    /** The uses of a group of linear layers in a model. */
    public enum Place {
        /** q, k, v: of the normed input. */
        NORMED,
        /** o or down: added to the residual. */
        RESIDUAL,
        /** gate and up: silu(gate) * up of the normed input. */
        GATED
    }

    @Override
    public String name() {
        return "lora %s %s %s on %s ranks %s of rows %s x %d -> %s"
                .formatted(label, place, dtype, weights, ranks, runs(), inputs, outputs);
    }

    /** The adapters of the rows as lengths of runs, for example {@code 2x0 1x-1}. */
    private String runs() {
        StringBuilder runs = new StringBuilder();
        for (int first = 0, end; first < rows(); first = end) {
            end = first + 1;
            while (end < rows() && adapters.get(end).equals(adapters.get(first))) {
                end++;
            }
            runs.append(first == 0 ? "" : " ").append(end - first).append('x');
            runs.append(adapters.get(first));
        }
        return runs.toString();
    }

    private int rows() {
        return adapters.size();
    }

    /** Of the product; the result of a gated pair is half as wide. */
    private int width() {
        return outputs.stream().mapToInt(Integer::intValue).sum();
    }

    private int resultWidth() {
        return place == Place.GATED ? outputs.getFirst() : width();
    }

    /** Elements of A and B of one adapter. */
    private long elements(int adapter) {
        long elements = 0;
        for (int m = 0; m < outputs.size(); m++) {
            elements += (long) ranks.get(adapter).get(m) * (inputs + outputs.get(m));
        }
        return elements;
    }

    @Override
    public long flops() {
        long flops = 2L * rows() * inputs * width();
        for (int adapter : adapters) {
            flops += adapter < 0 ? 0 : 2 * elements(adapter);
        }
        return flops;
    }

    @Override
    public long bytes() {
        long bytes = weights.rowBytes(inputs) * width() + 4L * rows() * (inputs + resultWidth());
        for (int adapter = 0; adapter < ranks.size(); adapter++) {
            bytes += adapters.contains(adapter) ? elements(adapter) * dtype.bytes() : 0;
        }
        return bytes;
    }

    @Override
    public Optional<String> refusal(ComputeBackend backend) {
        return backend.capabilities().refusal(weights);
    }

    private String seed(int matrix) {
        return label + " weights " + matrix;
    }

    private Shape shape(int matrix) {
        return Shape.of(outputs.get(matrix), inputs);
    }

    private float weightScale() {
        return (float) (1 / Math.sqrt(inputs));
    }

    private LoraMatrix change(Arena arena, int adapter, int matrix) {
        int rank = ranks.get(adapter).get(matrix);
        String name = "%s adapter %d %d".formatted(label, adapter, matrix);
        return new LoraMatrix(
                CaseData.weights(
                        arena,
                        name + " A",
                        dtype,
                        Shape.of(rank, inputs),
                        (float) (1 / Math.sqrt(inputs))),
                CaseData.weights(
                        arena,
                        name + " B",
                        dtype,
                        Shape.of(outputs.get(matrix), rank),
                        (float) (1 / Math.sqrt(rank))),
                SCALE);
    }

    private float[] x() {
        return CaseData.normal(label + " x", rows() * inputs, 1);
    }

    private float[] norm() {
        return CaseData.normal(label + " norm", inputs, 1);
    }

    private float[] residual() {
        return CaseData.normal(label + " residual", rows() * width(), 1);
    }

    @Override
    public Prepared prepare(ComputeBackend backend) {
        return new PreparedOp(
                backend,
                rows(),
                resultWidth(),
                place == Place.RESIDUAL ? residual() : null,
                prepared -> build(backend, prepared));
    }

    private Runnable build(ComputeBackend backend, PreparedOp prepared) {
        List<LinearMatrix> matrices = new ArrayList<>();
        for (int m = 0; m < outputs.size(); m++) {
            Tensor placed =
                    CaseData.placeWeights(
                            backend, prepared.arena(), seed(m), weights, shape(m), weightScale());
            matrices.add(new LinearMatrix(placed, null));
        }
        Linear linear =
                place == Place.GATED
                        ? backend.gatedLinear(matrices.getFirst(), matrices.getLast())
                        : backend.linear(matrices);
        List<LoraAdapter> placed = new ArrayList<>();
        for (int adapter = 0; adapter < ranks.size(); adapter++) {
            placed.add(adapter(backend, prepared.arena(), linear, adapter));
        }
        prepared.onClose(() -> placed.forEach(LoraAdapter::close));
        Rows rows = new AdapterRows(adapters, placed);
        Tensor x = prepared.place(x(), Shape.of(rows(), inputs));
        Tensor out = prepared.out();
        if (place == Place.RESIDUAL) {
            return () -> backend.applyLinear(linear, x, out, rows, true);
        }
        Norm norm = new Norm(prepared.place(norm(), Shape.of(inputs)), EPS);
        Tensor normed = backend.allocate(DType.F32, Shape.of(rows(), inputs));
        if (place == Place.NORMED) {
            return () -> backend.applyNormed(linear, x, norm, normed, out, rows);
        }
        Tensor both = backend.allocate(DType.F32, Shape.of(rows(), width()));
        return () -> backend.applyGated(linear, x, norm, Activation.SILU, normed, both, out, rows);
    }

    private LoraAdapter adapter(ComputeBackend backend, Arena arena, Linear linear, int adapter) {
        return backend.adapter(List.of(new LoraDelta(linear, changes(arena, adapter))));
    }

    private Map<Integer, LoraMatrix> changes(Arena arena, int adapter) {
        Map<Integer, LoraMatrix> changes = new HashMap<>();
        for (int m = 0; m < outputs.size(); m++) {
            if (ranks.get(adapter).get(m) > 0) {
                changes.put(m, change(arena, adapter, m));
            }
        }
        return changes;
    }

    private record AdapterRows(List<Integer> adapters, List<LoraAdapter> placed) implements Rows {
        @Override
        public int rows() {
            return adapters.size();
        }

        @Override
        public @Nullable LoraAdapter adapter(int row) {
            int adapter = adapters.get(row);
            return adapter < 0 ? null : placed.get(adapter);
        }
    }

    /** As in {@link NormedLinearCase} the scale of the norm comes last. */
    @Override
    public float[] plain(Precision precision) {
        float[] x = x();
        float[] norm = norm();
        float[] result = place == Place.RESIDUAL ? residual() : new float[rows() * resultWidth()];
        try (Arena arena = Arena.ofShared()) {
            List<HostTensor> matrices = new ArrayList<>();
            for (int m = 0; m < outputs.size(); m++) {
                matrices.add(
                        CaseData.hostWeights(arena, seed(m), weights, shape(m), weightScale()));
            }
            List<Map<Integer, LoraMatrix>> changes = new ArrayList<>();
            for (int adapter = 0; adapter < ranks.size(); adapter++) {
                changes.add(changes(arena, adapter));
            }
            for (int row = 0; row < rows(); row++) {
                float[] y = new float[inputs];
                float squares = 0;
                for (int k = 0; k < inputs; k++) {
                    float value = x[row * inputs + k];
                    squares += value * value;
                    y[k] = place == Place.RESIDUAL ? value : value * norm[k];
                }
                CaseData.roundOperands(y, 0, inputs, weights, precision);
                float rms = (float) Math.sqrt(squares / inputs + EPS);
                float scale = place == Place.RESIDUAL ? 1 : 1 / rms;
                int adapter = adapters.get(row);
                Map<Integer, LoraMatrix> change = adapter < 0 ? Map.of() : changes.get(adapter);
                float[] products = products(y, matrices, change, scale, precision);
                for (int o = 0; o < resultWidth(); o++) {
                    float value = products[o];
                    if (place == Place.GATED) {
                        value *= products[resultWidth() + o] / (1 + (float) Math.exp(-value));
                    }
                    result[row * resultWidth() + o] += value;
                }
            }
        }
        return result;
    }

    private float[] products(
            float[] y,
            List<HostTensor> weights,
            Map<Integer, LoraMatrix> changes,
            float scale,
            Precision precision) {
        float[] products = new float[width()];
        int first = 0;
        for (int m = 0; m < outputs.size(); m++) {
            LoraMatrix change = changes.get(m);
            float[] t = new float[change == null ? 0 : change.rank()];
            for (int j = 0; change != null && j < t.length; j++) {
                t[j] = precision.round(change.scale() * dot(y, change.a(), j, precision));
            }
            for (int o = 0; o < outputs.get(m); o++) {
                float sum = dot(y, weights.get(m), o, precision);
                if (change != null) {
                    sum += dot(t, change.b(), o, precision);
                }
                products[first + o] = scale * sum;
            }
            first += outputs.get(m);
        }
        return products;
    }

    private static float dot(float[] x, HostTensor matrix, int row, Precision precision) {
        float sum = 0;
        for (int k = 0; k < x.length; k++) {
            sum += x[k] * precision.round(matrix.get((long) row * x.length + k));
        }
        return sum;
    }
}
