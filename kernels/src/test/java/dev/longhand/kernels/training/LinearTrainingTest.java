package dev.longhand.kernels.training;

import dev.longhand.kernels.TestBackends;
import dev.longhand.kernels.backend.TrainingBackend;
import dev.longhand.kernels.cpu.CpuTrainingBackend;
import dev.longhand.kernels.matmul.LinearGradient;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.function.Function;

/** Products of training, over weights of every format; see {@link TrainingOpChecks}. */
class LinearTrainingTest extends TrainingOpChecks {
    @ParameterizedTest
    @CsvSource({
        "1, 1, 1",
        "2, 7, 3",
        "11, 64, 33",
        "13, 96, 50",
        "97, 257, 130",
        "400, 64, 8",
        "5, 900, 1029"
    })
    void linear(int rows, int inputs, int outputs) {
        HostTensor x = normal(rows, inputs);
        HostTensor w = normal(outputs, inputs);
        HostTensor bias = normal(1, outputs);
        HostTensor dout = normal(rows, outputs);
        check(
                inputs,
                LinearGradient.forward(doubles(x), rows, doubles(w), doubles(bias), 0.5),
                backend -> {
                    HostTensor out = zeros(rows, outputs);
                    backend.linear(x, w, bias, 0.5, out, false);
                    return out;
                });
        check(
                outputs,
                sum(doubles(x), LinearGradient.backwardInput(doubles(dout), rows, doubles(w), 2)),
                backend -> {
                    HostTensor dx = copy(x);
                    backend.linearBackwardInput(dout, w, 2, dx, true);
                    return dx;
                });
        check(
                rows,
                sum(doubles(w), LinearGradient.backwardWeight(doubles(dout), doubles(x), rows)),
                backend -> {
                    HostTensor dw = copy(w);
                    backend.linearBackwardWeight(dout, x, dw);
                    return dw;
                });
        check(
                rows,
                sum(doubles(bias), LinearGradient.backwardBias(doubles(dout), rows)),
                backend -> {
                    HostTensor dbias = copy(bias);
                    backend.biasBackward(dout, dbias);
                    return dbias;
                });
    }

    /** Weights in every format are used as they lie. */
    @ParameterizedTest
    @CsvSource({
        "BF16, 33, 70, 45",
        "F16, 33, 70, 45",
        "INT8, 33, 70, 45",
        "INT4, 33, 70, 45",
        "INT8, 14, 896, 400",
        "INT4, 14, 896, 400"
    })
    void weightFormats(DType dtype, int rows, int inputs, int outputs) {
        HostTensor x = normal(rows, inputs);
        HostTensor dout = normal(rows, outputs);
        HostTensor stored = narrow(normal(outputs, inputs), dtype == DType.F16);
        Function<TrainingBackend, HostTensor> placed =
                backend ->
                        dtype.quantized()
                                ? (HostTensor) backend.memory().quantize(stored, dtype)
                                : stored;
        double[] values;
        try (TrainingBackend backend =
                new CpuTrainingBackend(TestBackends.cpuLibrary(), null, 1, DType.F32)) {
            values = doubles(placed.apply(backend));
        }
        checkRounded(
                inputs,
                LinearGradient.forward(doubles(x), rows, values, null, 1),
                backend -> {
                    HostTensor out = zeros(rows, outputs);
                    backend.linear(x, placed.apply(backend), null, 1, out, false);
                    return out;
                });
        checkRounded(
                outputs,
                LinearGradient.backwardInput(doubles(dout), rows, values, 1),
                backend -> {
                    HostTensor dx = zeros(rows, inputs);
                    backend.linearBackwardInput(dout, placed.apply(backend), 1, dx, false);
                    return dx;
                });
    }
}
