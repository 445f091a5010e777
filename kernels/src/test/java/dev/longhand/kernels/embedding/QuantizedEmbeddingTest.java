package dev.longhand.kernels.embedding;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.longhand.bindings.cpu.CpuLibrary;
import dev.longhand.kernels.TestBackends;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.batch.StepBatch;
import dev.longhand.kernels.cpu.CpuBackend;
import dev.longhand.kernels.reference.ReferenceBackend;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.RandomQuantized;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;

/** Rows of quantised tables, as GGUF files have them: the values of the definition. */
class QuantizedEmbeddingTest {
    private static final int[] TOKENS = {36, 0, 15, 16, 5, 36};

    @ParameterizedTest
    @EnumSource(
            names = {"INT.*_F16", "INT.*_MINIMA", "INT.*_NESTED.*"},
            mode = EnumSource.Mode.MATCH_ANY)
    void rowsHaveTheValuesOfTheFormat(DType dtype) {
        CpuLibrary library = TestBackends.cpuLibrary();
        for (int width : new int[] {1, 77, 640}) {
            try (Arena arena = Arena.ofShared();
                    ComputeBackend reference = new ReferenceBackend()) {
                HostTensor table = RandomQuantized.matrix(arena, dtype, Shape.of(37, width));
                float[] expected = new float[TOKENS.length * width];
                for (int i = 0; i < expected.length; i++) {
                    expected[i] = table.get((long) TOKENS[i / width] * width + i % width);
                }
                assertArrayEquals(expected, rows(reference, table, width));
                for (String isa : library.isaNames()) {
                    try (ComputeBackend backend = new CpuBackend(library, isa, 1)) {
                        assertArrayEquals(expected, rows(backend, table, width), isa);
                    }
                }
            }
        }
    }

    private static float[] rows(ComputeBackend backend, HostTensor table, int width) {
        try (StepBatch batch = backend.allocateBatch(TOKENS.length, TOKENS.length, 1)) {
            for (int row = 0; row < TOKENS.length; row++) {
                batch.add(TOKENS[row], 0, row);
            }
            Tensor out = backend.allocate(DType.F32, Shape.of(TOKENS.length, width));
            backend.embed(backend.place(table), 1, batch, out);
            return ((HostTensor) out).data().toArray(ValueLayout.JAVA_FLOAT);
        }
    }
}
