package dev.longhand.kernels.kvcache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.kernels.TestBackends;
import dev.longhand.kernels.attention.AttentionOptions;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.batch.StepBatch;
import dev.longhand.kernels.cpu.CpuBackend;
import dev.longhand.kernels.rope.RopeTable;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.Arena;
import java.util.Random;

/**
 * The CPU's 8-bit values against {@link Int8Values}, bit for bit: attention over a single position
 * gives its value back, with a weight of exactly 1. The copy of a page does so too.
 */
class Int8ValuesTest {
    private static final float MIN = Float.MIN_VALUE;

    @ParameterizedTest
    @ValueSource(ints = {32, 64, 80, 128})
    void oneValueComesBackAsTheOracleRounds(int headDim) {
        Random random = new Random(headDim);
        for (String isa : TestBackends.cpuLibrary().isaNames()) {
            for (float size : new float[] {0, MIN, 1e-38f, 1e-30f, 0.1f, 1, 300, 1e30f}) {
                float[] value = new float[headDim];
                for (int i = 0; i < headDim; i++) {
                    value[i] = size * (float) random.nextGaussian();
                }
                float[] expected = value.clone();
                Int8Values.round(expected, 0, headDim);
                float[] actual = kept(isa, value);
                for (int i = 0; i < headDim; i++) {
                    assertEquals(expected[i] + 0f, actual[i] + 0f, isa + ", size " + size);
                }
            }
        }
    }

    @Test
    void whatIsNotFiniteStaysSo() {
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
            float[] value = new float[64];
            value[3] = 1;
            value[40] = bad;
            float[] expected = value.clone();
            Int8Values.round(expected, 0, 64);
            float[] actual = kept(TestBackends.cpuLibrary().isaNames().getFirst(), value);
            assertEquals(expected[3], actual[3]);
            assertTrue(!Float.isFinite(expected[40]) && !Float.isFinite(actual[40]));
        }
    }

    /** What attention sees of a value, after its page was copied. */
    private static float[] kept(String isa, float[] value) {
        int dim = value.length;
        float[] seen = new float[dim];
        try (ComputeBackend backend = new CpuBackend(TestBackends.cpuLibrary(), isa, 1);
                Arena arena = Arena.ofShared();
                KvCache kv = backend.allocateKv(new KvShape(2, 3, 1, dim, DType.INT8));
                StepBatch batch = backend.allocateBatch(1, 1, 1)) {
            HostTensor qkv = HostTensor.allocate(arena, DType.F32, Shape.of(1, 3L * dim));
            for (int i = 0; i < dim; i++) {
                qkv.set(2L * dim + i, value[i]);
            }
            Tensor rope = backend.place(RopeTable.build(arena, new float[dim / 2], 1, 1));
            Tensor out = backend.allocate(DType.F32, Shape.of(1, dim));
            batch.setPage(0, 0, 0);
            batch.add(0, 0, 0);
            backend.ropeAppend(backend.place(qkv), rope, null, batch, kv, 1);
            backend.copyPage(kv, 0, 2);
            batch.setPage(0, 0, 2);
            backend.attention(backend.place(qkv), AttentionOptions.of(dim), batch, kv, 1, out);
            backend.read(out, 0, seen);
        }
        return seen;
    }
}
