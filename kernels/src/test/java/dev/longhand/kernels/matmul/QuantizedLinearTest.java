package dev.longhand.kernels.matmul;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.bindings.cpu.CpuLibrary;
import dev.longhand.kernels.TestBackends;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.batch.Rows;
import dev.longhand.kernels.cases.RoundedActivations;
import dev.longhand.kernels.cpu.CpuBackend;
import dev.longhand.kernels.lora.LoraAdapter;
import dev.longhand.kernels.lora.LoraDelta;
import dev.longhand.kernels.lora.LoraMatrix;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.QuantizedMatrix;
import dev.longhand.kernels.tensor.Quantizer;
import dev.longhand.kernels.tensor.RandomQuantized;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Quantised weights: the bytes of the oracle, and in products the bits that their rule gives. */
class QuantizedLinearTest {
    private static final int OUTPUTS = 37;
    private static final int RANK = 5;

    /** Rows of both paths of the C kernel, and inputs within a group, a block and beyond. */
    private static final int[] ROWS = {1, 2, 3, 4, 7, 8, 9, 70, 97};

    private static final int[] INPUTS = {1, 33, 64, 77, 640, 1100};

    /** Fewer for the formats of GGUF files, which differ in scales and minima only. */
    private static final int[] GGUF_ROWS = {1, 3, 8, 9, 70};

    private static final int[] GGUF_INPUTS = {77, 1100};

    @ParameterizedTest
    @EnumSource(names = {"INT8", "INT4"})
    void cpuQuantizesAsTheOracle(DType dtype) {
        CpuLibrary library = TestBackends.cpuLibrary();
        for (String isa : library.isaNames()) {
            for (DType from : List.of(DType.F32, DType.BF16, DType.F16)) {
                try (Arena arena = Arena.ofShared();
                        ComputeBackend backend = new CpuBackend(library, isa, 2)) {
                    Shape shape = Shape.of(OUTPUTS, 203);
                    HostTensor weights = weights(arena, from, shape);
                    HostTensor expected = HostTensor.allocate(arena, dtype, shape);
                    Quantizer.quantize(weights, expected);
                    HostTensor actual = (HostTensor) backend.quantize(weights, dtype);
                    assertEquals(-1, expected.data().mismatch(actual.data()), isa + " " + from);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"INT8", "INT4"})
    void weightsAreWithinHalfAStep(DType dtype) {
        try (Arena arena = Arena.ofShared()) {
            Shape shape = Shape.of(OUTPUTS, 203);
            HostTensor weights = weights(arena, DType.F32, shape);
            HostTensor quantized = HostTensor.allocate(arena, dtype, shape);
            Quantizer.quantize(weights, quantized);
            // A BF16 scale is off by 2^-8 at most, which the largest weight of a group feels most;
            // INT4 may clip it at 8 of 8.75 steps; steps below the normal floats are 0.
            double bound = dtype == DType.INT8 ? 0.5 / 127 + 0x1p-8 : 0.5 / 6 + 0.75 / 8.75;
            for (int row = 0; row < OUTPUTS; row++) {
                for (int k = 0; k < 203; k++) {
                    double largest = 0;
                    for (int i = k / 32 * 32; i < Math.min(203, k / 32 * 32 + 32); i++) {
                        largest = Math.max(largest, Math.abs(weights.get(row * 203 + i)));
                    }
                    double error = weights.get(row * 203 + k) - quantized.get(row * 203 + k);
                    assertTrue(
                            Math.abs(error) <= bound * largest + 127 * Float.MIN_NORMAL,
                            "row " + row + ", " + k);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = "INT.*", mode = EnumSource.Mode.MATCH_ALL)
    void productsHaveTheBitsOfTheRule(DType dtype) {
        CpuLibrary library = TestBackends.cpuLibrary();
        boolean gguf = dtype.compareTo(DType.FP8) > 0;
        for (int inputs : gguf ? GGUF_INPUTS : INPUTS) {
            try (Arena arena = Arena.ofShared()) {
                HostTensor weights = quantized(arena, dtype, Shape.of(OUTPUTS, inputs));
                for (int rows : gguf ? GGUF_ROWS : ROWS) {
                    HostTensor x = weights(arena, DType.F32, Shape.of(rows, inputs));
                    for (String isa : library.isaNames()) {
                        checkBits(library, isa, weights, x, rows);
                    }
                }
            }
        }
    }

    private static void checkBits(
            CpuLibrary library, String isa, HostTensor weights, HostTensor x, int rows) {
        try (Arena arena = Arena.ofShared();
                ComputeBackend backend = new CpuBackend(library, isa, 2)) {
            HostTensor zeros = HostTensor.allocate(arena, DType.F32, weights.shape());
            float[] changes = product(arena, backend, zeros, x, rows);
            float[] expected = byRule(weights, x, rows, !isa.equals("baseline"));
            for (int i = OUTPUTS; i < expected.length; i++) {
                expected[i] += changes[i];
            }
            float[] actual = product(arena, backend, weights, x, rows);
            assertArrayEquals(expected, actual, isa + ", " + x.shape() + ", " + weights.dtype());
        }
    }

    /**
     * Exact integers over 32 inputs, or 16 if a group has no more, then one chain of multiply-adds.
     *
     * @param fused whether the instruction set has FMA
     */
    private static float[] byRule(HostTensor weights, HostTensor x, int rows, boolean fused) {
        int inputs = Math.toIntExact(x.shape().width());
        QuantizedMatrix matrix = new QuantizedMatrix(weights);
        float[] values = x.data().toArray(ValueLayout.JAVA_FLOAT);
        float[] out = new float[rows * OUTPUTS];
        for (int row = 0; row < rows; row++) {
            RoundedActivations rounded = new RoundedActivations(values, row * inputs, inputs);
            for (int o = 0; o < OUTPUTS; o++) {
                float sum = 0;
                for (int first = 0; first < inputs; first += RoundedActivations.GROUP) {
                    float xScale = rounded.scale(first / RoundedActivations.GROUP);
                    int end = Math.min(inputs, first + RoundedActivations.GROUP);
                    int all = 0;
                    for (int k = first; k < end; ) {
                        int group = k / matrix.group();
                        int integers = 0;
                        for (; k < Math.min(end, (group + 1) * matrix.group()); k++) {
                            int weight = matrix.code(o, k) - matrix.zero(o, group);
                            integers += weight * rounded.integer(k);
                            all += rounded.integer(k);
                        }
                        sum = added(integers, matrix.scale(o, group) * xScale, sum, fused);
                    }
                    if (weights.dtype().format().storesMinima()) {
                        float minimum = matrix.minimum(o, first / matrix.group());
                        sum = added(all, minimum * xScale, sum, fused);
                    }
                }
                out[row * OUTPUTS + o] = sum;
            }
        }
        return out;
    }

    private static float added(int integers, float scale, float sum, boolean fused) {
        return fused ? Math.fma(integers, scale, sum) : integers * scale + sum;
    }

    @ParameterizedTest
    @EnumSource(names = "INT.*", mode = EnumSource.Mode.MATCH_ALL)
    void whatIsNotFiniteShowsInItsRowAlone(DType dtype) {
        CpuLibrary library = TestBackends.cpuLibrary();
        for (String isa : library.isaNames()) {
            for (int rows : new int[] {3, 20}) {
                try (Arena arena = Arena.ofShared();
                        ComputeBackend backend = new CpuBackend(library, isa, 2)) {
                    HostTensor weights = quantized(arena, dtype, Shape.of(OUTPUTS, 77));
                    HostTensor x = weights(arena, DType.F32, Shape.of(rows, 77));
                    x.set(5, Float.NaN);
                    x.set(2 * 77 + 70, Float.NEGATIVE_INFINITY);
                    float[] out = product(arena, backend, weights, x, rows);
                    for (int i = 0; i < out.length; i++) {
                        boolean bad = i / OUTPUTS == 0 || i / OUTPUTS == 2;
                        assertEquals(bad, Float.isNaN(out[i]), isa + ", output " + i);
                    }
                }
            }
        }
    }

    /** Random weights as the oracle quantises them, or as a checkpoint may bring them. */
    private static HostTensor quantized(Arena arena, DType dtype, Shape shape) {
        if (!dtype.quantizable()) {
            return RandomQuantized.matrix(arena, dtype, shape);
        }
        HostTensor quantized = HostTensor.allocate(arena, dtype, shape);
        Quantizer.quantize(weights(arena, DType.BF16, shape), quantized);
        return quantized;
    }

    /** With an adapter on all rows but the first. */
    private static float[] product(
            Arena arena, ComputeBackend backend, Tensor weights, HostTensor x, int rows) {
        int inputs = Math.toIntExact(x.shape().width());
        Linear linear = backend.linear(List.of(new LinearMatrix(weights, null)));
        LoraMatrix change =
                new LoraMatrix(
                        weights(arena, DType.BF16, Shape.of(RANK, inputs)),
                        weights(arena, DType.BF16, Shape.of(OUTPUTS, RANK)),
                        0.5f);
        HostTensor out = HostTensor.allocate(arena, DType.F32, Shape.of(rows, OUTPUTS));
        try (LoraAdapter adapter =
                backend.adapter(List.of(new LoraDelta(linear, Map.of(0, change))))) {
            backend.applyLinear(linear, x, out, new AllButTheFirst(rows, adapter), false);
        }
        return out.data().toArray(ValueLayout.JAVA_FLOAT);
    }

    private record AllButTheFirst(int rows, LoraAdapter applied) implements Rows {
        @Override
        public @Nullable LoraAdapter adapter(int row) {
            return row == 0 ? null : applied;
        }
    }

    /** Random weights, with a group of zeros and one of subnormals. */
    private static HostTensor weights(Arena arena, DType dtype, Shape shape) {
        Random random = new Random(shape.elements());
        HostTensor wide = HostTensor.allocate(arena, DType.F32, shape);
        for (long i = 0; i < shape.elements(); i++) {
            double scale = i / 32 % 11 == 3 ? 0 : i / 32 % 11 == 4 ? 1e-41 : 1;
            wide.set(i, (float) (random.nextGaussian() * scale));
        }
        if (dtype == DType.F32) {
            return wide;
        }
        HostTensor tensor = HostTensor.allocate(arena, dtype, shape);
        MemorySegment data = tensor.data();
        for (long i = 0; i < shape.elements(); i++) {
            short bits =
                    dtype == DType.F16
                            ? Float.floatToFloat16(wide.get(i))
                            : (short) (Float.floatToRawIntBits(wide.get(i)) >>> 16);
            data.setAtIndex(ValueLayout.JAVA_SHORT, i, bits);
        }
        return tensor;
    }
}
