package dev.longhand.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.longhand.bindings.ptx.PtxDevice;
import dev.longhand.kernels.TestBackends;
import dev.longhand.kernels.activation.Activation;
import dev.longhand.kernels.batch.Rows;
import dev.longhand.kernels.matmul.Linear;
import dev.longhand.kernels.matmul.LinearMatrix;
import dev.longhand.kernels.norm.Norm;
import dev.longhand.kernels.tensor.BFloat16;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.QuantizedMatrix;
import dev.longhand.kernels.tensor.Quantizer;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Linear layers on the device: every weight is there, and a row's bits are its own. */
class CudaLinearTest {
    /** Two blocks of 128 and one chunk of 32. */
    private static final int INPUTS = 288;

    private static final int OUTPUTS = 37;
    private static final int TOGETHER = 65;

    /** As many rows as decode steps have; more go to the kernels for many. */
    private static final int FEW_MAX = 16;

    private enum Kind {
        PLAIN,
        NORMED,
        GATED
    }

    /** The rows of the identity pick single weights, whose scales times codes are exact in F32. */
    @ParameterizedTest
    @EnumSource(names = {"INT8", "INT4", "FP8", "INT8_G128", "INT4_G128"})
    void everyWeightIsExact(DType dtype) {
        PtxDevice device = TestBackends.ptxDevice();
        device.clear();
        try (Arena arena = Arena.ofShared();
                CudaBackend backend = new CudaBackend(device.library(), 0)) {
            for (int inputs : new int[] {INPUTS, 77}) {
                HostTensor first = weights(arena, dtype, OUTPUTS, inputs, 1);
                HostTensor second = weights(arena, dtype, 5, inputs, 2);
                Linear linear =
                        backend.linear(
                                List.of(
                                        new LinearMatrix(backend.place(first), null),
                                        new LinearMatrix(backend.place(second), null)));
                float[] identity = new float[inputs * inputs];
                for (int k = 0; k < inputs; k++) {
                    identity[k * inputs + k] = 1;
                }
                int width = OUTPUTS + 5;
                float[] expected = new float[inputs * width];
                for (int k = 0; k < inputs; k++) {
                    for (int o = 0; o < width; o++) {
                        float weight =
                                o < OUTPUTS
                                        ? first.get((long) o * inputs + k)
                                        : second.get((long) (o - OUTPUTS) * inputs + k);
                        expected[k * width + o] = weight + 0f; // a sum is never -0
                    }
                }
                for (int rows : new int[] {inputs, 8, 9}) {
                    float[] actual = new float[expected.length];
                    for (int at = 0; at < inputs; at += rows) {
                        int count = Math.min(rows, inputs - at);
                        float[] x =
                                Arrays.copyOfRange(identity, at * inputs, (at + count) * inputs);
                        float[] part = run(backend, arena, linear, Kind.PLAIN, x, inputs, width);
                        System.arraycopy(part, 0, actual, at * width, part.length);
                    }
                    assertArrayEquals(expected, actual, inputs + " inputs, " + rows + " rows");
                }
            }
            assertEquals(List.of(), device.findings());
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"BF16", "INT8", "INT4", "FP8", "INT8_G128", "INT4_G128"})
    void aRowsBitsAreItsOwnInEveryKernel(DType dtype) {
        PtxDevice device = TestBackends.ptxDevice();
        device.clear();
        try (Arena arena = Arena.ofShared();
                CudaBackend backend = new CudaBackend(device.library(), 0)) {
            LinearMatrix first = matrix(backend, arena, dtype, 1);
            LinearMatrix second = matrix(backend, arena, dtype, 2);
            for (Kind kind : Kind.values()) {
                Linear linear =
                        kind == Kind.GATED
                                ? backend.gatedLinear(first, second)
                                : backend.linear(List.of(first));
                float[] x = normal(TOGETHER * INPUTS, 3);
                float[] together = run(backend, arena, linear, kind, x, INPUTS, OUTPUTS);
                for (int rows = 1; rows <= FEW_MAX; rows++) {
                    float[] own = Arrays.copyOfRange(x, 0, rows * INPUTS);
                    assertArrayEquals(
                            Arrays.copyOf(together, rows * OUTPUTS),
                            run(backend, arena, linear, kind, own, INPUTS, OUTPUTS),
                            kind + ", " + rows + " rows");
                }
            }
            assertEquals(List.of(), device.findings());
        }
    }

    private static LinearMatrix matrix(CudaBackend backend, Arena arena, DType dtype, long seed) {
        return new LinearMatrix(backend.place(weights(arena, dtype, OUTPUTS, INPUTS, seed)), null);
    }

    private static float[] run(
            CudaBackend backend,
            Arena arena,
            Linear linear,
            Kind kind,
            float[] values,
            int inputs,
            int width) {
        int rows = values.length / inputs;
        Tensor x = backend.place(f32(arena, values, Shape.of(rows, inputs)));
        Tensor out = backend.allocate(DType.F32, Shape.of(rows, width));
        Norm norm = new Norm(backend.place(f32(arena, normal(inputs, 4), Shape.of(inputs))), 1e-5f);
        switch (kind) {
            case PLAIN -> backend.applyLinear(linear, x, out, Rows.of(rows), false);
            case NORMED -> backend.applyNormed(linear, x, norm, x, out, Rows.of(rows));
            case GATED -> {
                Tensor both = backend.allocate(DType.F32, Shape.of(rows, 2L * width));
                backend.applyGated(linear, x, norm, Activation.SILU, x, both, out, Rows.of(rows));
            }
        }
        float[] result = new float[rows * width];
        float[] row = new float[width];
        for (int i = 0; i < rows; i++) {
            backend.read(out, i, row);
            System.arraycopy(row, 0, result, i * width, width);
        }
        return result;
    }

    /** Imported dtypes have any codes, zeros of GPTQ and AWQ, and scales of both signs. */
    private static HostTensor weights(
            Arena arena, DType dtype, int outputs, int inputs, long seed) {
        Shape shape = Shape.of(outputs, inputs);
        HostTensor weights = HostTensor.allocate(arena, dtype, shape);
        if (dtype == DType.BF16) {
            float[] values = normal(outputs * inputs, seed);
            for (int i = 0; i < values.length; i++) {
                weights.data().setAtIndex(JAVA_SHORT, i, BFloat16.bits(values[i]));
            }
            return weights;
        }
        if (!dtype.format().storesZeros()) {
            Quantizer.quantize(f32(arena, normal(outputs * inputs, seed), shape), weights);
            return weights;
        }
        QuantizedMatrix matrix = new QuantizedMatrix(weights);
        Random random = new Random(seed);
        int codes = 1 << matrix.bits();
        for (int row = 0; row < outputs; row++) {
            for (int group = 0; group < matrix.groups(); group++) {
                float scale = (float) random.nextGaussian() / codes;
                int[] all = random.ints(matrix.group(), 0, codes).toArray();
                matrix.put(row, group, scale, random.nextInt(codes + 1), all);
            }
        }
        return weights;
    }

    private static float[] normal(int count, long seed) {
        Random random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private static HostTensor f32(Arena arena, float[] values, Shape shape) {
        HostTensor tensor = HostTensor.allocate(arena, DType.F32, shape);
        for (int i = 0; i < values.length; i++) {
            tensor.set(i, values[i]);
        }
        return tensor;
    }
}
