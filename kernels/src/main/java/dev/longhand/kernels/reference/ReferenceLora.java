package dev.longhand.kernels.reference;

import dev.longhand.kernels.backend.TypedBackend;
import dev.longhand.kernels.batch.Rows;
import dev.longhand.kernels.lora.LoraAdapter;
import dev.longhand.kernels.lora.LoraDelta;
import dev.longhand.kernels.lora.LoraMatrix;
import dev.longhand.kernels.matmul.Linear;
import dev.longhand.kernels.tensor.HostTensor;

import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;

/** The oracle for adapters: double accumulation, ascending k, A before B. */
final class ReferenceLora implements LoraAdapter {
    private final Map<Linear, LoraDelta> deltas;

    ReferenceLora(Map<? extends Linear, LoraDelta> deltas) {
        this.deltas = new HashMap<>(deltas);
    }

    /** Adds the output of each row's adapter to out. */
    static void apply(Linear linear, HostTensor x, HostTensor out, Rows rows) {
        for (int row = 0; row < rows.rows(); row++) {
            LoraAdapter adapter = rows.adapter(row);
            if (adapter == null) {
                continue;
            }
            LoraDelta delta = TypedBackend.own(ReferenceLora.class, adapter).deltas.get(linear);
            if (delta != null) {
                add(delta, x, out, row);
            }
        }
    }

    private static void add(LoraDelta delta, HostTensor x, HostTensor out, int row) {
        Linear linear = delta.linear();
        long first = (long) row * linear.outputs();
        for (int m = 0; m < linear.matrices().size(); m++) {
            LoraMatrix change = delta.change(m);
            if (change != null) {
                add(change, x, (long) row * linear.inputs(), out, first);
            }
            first += linear.matrices().get(m).outputs();
        }
    }

    private static void add(
            LoraMatrix change, HostTensor x, long xFirst, HostTensor out, long outFirst) {
        int rank = change.rank();
        double[] shrunk = new double[rank];
        for (int j = 0; j < rank; j++) {
            for (int k = 0; k < change.inputs(); k++) {
                shrunk[j] +=
                        (double) x.get(xFirst + k) * change.a().get((long) j * change.inputs() + k);
            }
        }
        IntStream.range(0, change.outputs())
                .parallel()
                .forEach(
                        o -> {
                            double sum = 0;
                            for (int j = 0; j < rank; j++) {
                                sum += shrunk[j] * change.b().get((long) o * rank + j);
                            }
                            long at = outFirst + o;
                            out.set(at, (float) (out.get(at) + change.scale() * sum));
                        });
    }

    @Override
    public long bytes() {
        return 0;
    }

    @Override
    public void close() {
        deltas.clear();
    }
}
