package dev.longhand.kernels.matmul;

import dev.longhand.kernels.tensor.HostTensor;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.stream.IntStream;

/**
 * The oracle of {@link Linear}: double accumulation, ascending k, outputs spread over all cores.
 */
public final class LinearReference extends Linear {
    private final HostTensor[] weights;
    private final @Nullable HostTensor[] biases;

    /** Layers over weights in host memory. */
    public LinearReference(List<PlacedMatrix<HostTensor>> matrices) {
        super(PlacedMatrix.matrices(matrices));
        weights = matrices.stream().map(PlacedMatrix::weights).toArray(HostTensor[]::new);
        biases = new @Nullable HostTensor[weights.length];
        for (int m = 0; m < biases.length; m++) {
            biases[m] = matrices.get(m).bias();
        }
    }

    /** Replaces the weights. */
    public void reload(List<HostTensor> others) {
        others.toArray(weights);
    }

    /** Computes the outputs of every matrix. */
    public void apply(HostTensor x, HostTensor out, int rows, boolean accumulate) {
        int first = 0;
        for (int m = 0; m < weights.length; m++) {
            int offset = first;
            LinearMatrix matrix = matrices().get(m);
            HostTensor w = weights[m];
            HostTensor bias = biases[m];
            IntStream.range(0, matrix.outputs())
                    .parallel()
                    .forEach(o -> output(x, w, bias, o, out, offset, rows, accumulate));
            first += matrix.outputs();
        }
    }

    private void output(
            HostTensor x,
            HostTensor w,
            @Nullable HostTensor bias,
            int o,
            HostTensor out,
            int offset,
            int rows,
            boolean accumulate) {
        for (int row = 0; row < rows; row++) {
            double sum = bias == null ? 0 : bias.get(o);
            for (int k = 0; k < inputs(); k++) {
                sum += (double) x.get((long) row * inputs() + k) * w.get((long) o * inputs() + k);
            }
            long at = (long) row * outputs() + offset + o;
            out.set(at, (float) (accumulate ? out.get(at) + sum : sum));
        }
    }
}
