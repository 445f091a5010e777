package dev.longhand.kernels.cases;

import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.reference.ReferenceBackend;
import dev.longhand.kernels.tensor.BFloat16;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Quantizer;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Random;

/** Seeded data for cases. */
final class CaseData {
    /**
     * Weights repeat a block of this many random values: a prime, so that no row of a matrix equals
     * another, and small, so that a 1.5 GB matrix is made in a second.
     */
    private static final int BLOCK = 1_000_003;

    /** Weights that the oracle quantised last: the next run of their case takes them again. */
    private static volatile @Nullable Quantized last;

    private record Quantized(List<Object> key, HostTensor tensor) {}

    private CaseData() {}

    /** Normally distributed floats. */
    static float[] normal(String seed, int count, float scale) {
        Random random = new Random(seed.hashCode());
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian() * scale;
        }
        return values;
    }

    /** A weight tensor in native memory of the arena. */
    static HostTensor weights(Arena arena, String seed, DType dtype, Shape shape, float scale) {
        int count = (int) Math.min(BLOCK, shape.elements());
        float[] values = normal(seed, count, scale);
        HostTensor tensor = HostTensor.allocate(arena, dtype, shape);
        MemorySegment data = tensor.data();
        for (int i = 0; i < count; i++) {
            switch (dtype) {
                case F32 -> data.setAtIndex(ValueLayout.JAVA_FLOAT, i, values[i]);
                case BF16 -> data.setAtIndex(ValueLayout.JAVA_SHORT, i, BFloat16.bits(values[i]));
                case F16 ->
                        data.setAtIndex(ValueLayout.JAVA_SHORT, i, Float.floatToFloat16(values[i]));
                default -> throw new IllegalArgumentException("not made as " + dtype);
            }
        }
        long block = (long) count * dtype.bytes();
        for (long done = block; done < data.byteSize(); done += block) {
            long bytes = Math.min(block, data.byteSize() - done);
            MemorySegment.copy(data, 0, data, done, bytes);
        }
        return tensor;
    }

    /**
     * Weights as {@link #weights} makes them, or those in BF16 quantised by the backend.
     *
     * @param dtype of the result
     */
    static Tensor placeWeights(
            ComputeBackend backend,
            Arena arena,
            String seed,
            DType dtype,
            Shape shape,
            float scale) {
        if (!dtype.quantized()) {
            return backend.place(weights(arena, seed, dtype, shape, scale));
        }
        if (backend instanceof ReferenceBackend) { // it quantises as the oracle does
            return backend.place(hostWeights(arena, seed, dtype, shape, scale));
        }
        return backend.quantize(weights(arena, seed, DType.BF16, shape, scale), dtype);
    }

    /** The same on the host, quantised by the oracle. */
    static HostTensor hostWeights(Arena arena, String seed, DType dtype, Shape shape, float scale) {
        if (!dtype.quantized()) {
            return weights(arena, seed, dtype, shape, scale);
        }
        List<Object> key = List.of(seed, dtype, shape, scale);
        Quantized known = last;
        if (known != null && known.key.equals(key)) {
            return known.tensor;
        }
        HostTensor quantized = HostTensor.allocate(Arena.ofAuto(), dtype, shape);
        try (Arena stored = Arena.ofShared()) {
            Quantizer.quantize(weights(stored, seed, DType.BF16, shape, scale), quantized);
        }
        last = new Quantized(key, quantized);
        return quantized;
    }

    /**
     * Rounds a row of x as products take it: in F32 to 16 bits where weights are quantised, as the
     * CPU does.
     */
    static void roundOperands(float[] x, int first, int count, DType weights, Precision precision) {
        boolean int16 = weights.quantized() && precision == Precision.F32;
        RoundedActivations rounded = new RoundedActivations(x, first, count);
        for (int k = 0; k < count; k++) {
            x[first + k] = int16 ? rounded.value(k) : precision.round(x[first + k]);
        }
    }

    /** A copy of floats in native memory of the arena, placed on a backend. */
    static Tensor place(ComputeBackend backend, Arena arena, float[] values, Shape shape) {
        HostTensor tensor = HostTensor.allocate(arena, DType.F32, shape);
        MemorySegment.copy(values, 0, tensor.data(), ValueLayout.JAVA_FLOAT, 0, values.length);
        return backend.place(tensor);
    }
}
