package dev.longhand.kernels.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.longhand.bindings.cpu.CpuLibrary;
import dev.longhand.kernels.TestBackends;
import dev.longhand.kernels.backend.TrainingBackend;
import dev.longhand.kernels.cpu.CpuTrainingBackend;
import dev.longhand.kernels.tensor.BFloat16;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * Products with factors in BF16 have the bits of a plain loop, on every instruction set and with 1,
 * 2 and 7 threads: parts of 512 terms, each a chain of fused multiply-adds over pairs of terms, the
 * second of a pair first.
 */
class Bf16ProductTest extends TrainingOpChecks {
    private static final int PART = 512;

    private interface Factor {
        float at(int row, int term);
    }

    /** Returns before + scale A B, [rows, columns]. */
    private static float[] product(
            int rows, int columns, int terms, Factor a, Factor b, float scale, float[] before) {
        float[] out = before.clone();
        for (int i = 0; i < out.length; i++) {
            int row = i / columns;
            int column = i % columns;
            for (int first = 0; first < terms; first += PART) {
                int end = Math.min(terms, first + PART);
                float sum = 0;
                for (int k = first; k < end; k += 2) {
                    for (int term = k + 1; term >= k; term--) {
                        if (term < end) {
                            float x = BFloat16.round(a.at(row, term));
                            sum = Math.fma(x, BFloat16.round(b.at(column, term)), sum);
                        }
                    }
                }
                out[i] += sum * scale;
            }
        }
        return out;
    }

    private static float[] floats(HostTensor tensor) {
        float[] values = new float[Math.toIntExact(tensor.shape().elements())];
        for (int i = 0; i < values.length; i++) {
            values[i] = tensor.get(i);
        }
        return values;
    }

    private static void everywhere(
            BiFunction<TrainingBackend, HostTensor, float[]> expected,
            Function<TrainingBackend, HostTensor> weights,
            BiFunction<TrainingBackend, HostTensor, HostTensor> op) {
        CpuLibrary library = TestBackends.cpuLibrary();
        float[] bits = null;
        for (String isa : library.isaNames()) {
            for (int threads : new int[] {1, 2, 7}) {
                try (TrainingBackend backend =
                        new CpuTrainingBackend(library, isa, threads, DType.BF16)) {
                    HostTensor w = weights.apply(backend);
                    HostTensor actual = op.apply(backend, w);
                    bits = bits == null ? expected.apply(backend, w) : bits;
                    assertArrayEquals(bits, floats(actual), isa);
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "F32, 1, 1, 1",
        "F32, 13, 97, 50",
        "BF16, 13, 98, 67",
        "BF16, 37, 513, 70",
        "BF16, 3, 1030, 77",
        "F16, 530, 64, 8",
        "INT8, 14, 896, 80",
        "INT4, 14, 896, 80"
    })
    void sumsHaveTheBitsOfAPlainLoop(DType dtype, int rows, int inputs, int outputs) {
        HostTensor x = normal(rows, inputs);
        HostTensor dout = normal(rows, outputs);
        HostTensor bias = normal(1, outputs);
        HostTensor wide = normal(outputs, inputs);
        HostTensor stored = dtype == DType.F32 ? wide : narrow(wide, dtype == DType.F16);
        Function<TrainingBackend, HostTensor> placed =
                backend ->
                        dtype.quantized()
                                ? (HostTensor) backend.memory().quantize(stored, dtype)
                                : stored;
        float[] biases = new float[rows * outputs];
        for (int i = 0; i < biases.length; i++) {
            biases[i] = bias.get(i % outputs);
        }
        everywhere(
                (backend, w) ->
                        product(
                                rows,
                                outputs,
                                inputs,
                                (r, k) -> x.get((long) r * inputs + k),
                                (o, k) -> w.get((long) o * inputs + k),
                                0.5f,
                                biases),
                placed,
                (backend, w) -> {
                    HostTensor out = zeros(rows, outputs);
                    backend.linear(x, w, bias, 0.5, out, false);
                    return out;
                });
        everywhere(
                (backend, w) ->
                        product(
                                rows,
                                inputs,
                                outputs,
                                (r, k) -> dout.get((long) r * outputs + k),
                                (i, k) -> w.get((long) k * inputs + i),
                                2,
                                floats(x)),
                placed,
                (backend, w) -> {
                    HostTensor dx = copy(x);
                    backend.linearBackwardInput(dout, w, 2, dx, true);
                    return dx;
                });
        weightSumsHaveTheBitsOfAPlainLoop(dout, x, wide);
    }

    private void weightSumsHaveTheBitsOfAPlainLoop(
            HostTensor dout, HostTensor x, HostTensor before) {
        int rows = (int) x.shape().extent(0);
        int inputs = (int) x.shape().extent(1);
        int outputs = (int) dout.shape().extent(1);
        everywhere(
                (backend, w) ->
                        product(
                                outputs,
                                inputs,
                                rows,
                                (o, k) -> dout.get((long) k * outputs + o),
                                (i, k) -> x.get((long) k * inputs + i),
                                1,
                                floats(before)),
                backend -> before,
                (backend, w) -> {
                    HostTensor dw = copy(before);
                    backend.linearBackwardWeight(dout, x, dw);
                    return dw;
                });
    }

    /**
     * Denormal factors and sums count as zero everywhere, as the processors' instruction has it.
     */
    @ParameterizedTest
    @ValueSource(floats = {1e-38f, 1e-20f, 1e-18f, 1e20f})
    void rangesAgree(float size) {
        HostTensor x = normal(7, 64);
        HostTensor w = normal(33, 64);
        for (HostTensor tensor : new HostTensor[] {x, w}) {
            for (long i = 0; i < tensor.shape().elements(); i++) {
                tensor.set(i, tensor.get(i) * size);
            }
        }
        CpuLibrary library = TestBackends.cpuLibrary();
        float[] first = null;
        for (String isa : library.isaNames()) {
            if (isa.equals("baseline")) {
                continue;
            }
            try (TrainingBackend backend = new CpuTrainingBackend(library, isa, 1, DType.BF16)) {
                HostTensor out = zeros(7, 33);
                backend.linear(x, w, null, 1, out, false);
                first = first == null ? floats(out) : first;
                assertArrayEquals(first, floats(out), isa);
            }
        }
    }
}
