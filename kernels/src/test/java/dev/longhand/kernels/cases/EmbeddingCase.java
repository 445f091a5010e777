package dev.longhand.kernels.cases;

import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.batch.StepBatch;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

import java.lang.foreign.Arena;

/** Token embedding: one rounding, so the plain loop has no error and none is allowed. */
public record EmbeddingCase(DType dtype, int rows, int vocabulary, int width, float scale)
        implements OpCase {
    @Override
    public String name() {
        return "embedding %s %d of %d x %d scale %s"
                .formatted(dtype, rows, vocabulary, width, scale);
    }

    @Override
    public long flops() {
        return 0;
    }

    @Override
    public long bytes() {
        return (long) rows * width * (dtype.bytes() + 4);
    }

    private int token(int row) {
        return row == 0 ? vocabulary - 1 : (int) (row * 7919L % vocabulary);
    }

    private HostTensor table(Arena arena) {
        return CaseData.weights(arena, name(), dtype, Shape.of(vocabulary, width), 1);
    }

    @Override
    public Prepared prepare(ComputeBackend backend) {
        return new PreparedOp(
                backend,
                rows,
                width,
                null,
                prepared -> {
                    Tensor table = backend.place(table(prepared.arena()));
                    StepBatch batch = backend.allocateBatch(rows, rows, 1);
                    prepared.onClose(batch::close);
                    for (int row = 0; row < rows; row++) {
                        batch.add(token(row), 0, row);
                    }
                    return () -> backend.embed(table, scale, batch, prepared.out());
                });
    }

    @Override
    public float[] plain(Precision precision) {
        float[] result = new float[rows * width];
        try (Arena arena = Arena.ofConfined()) {
            HostTensor table = table(arena);
            for (int row = 0; row < rows; row++) {
                for (int i = 0; i < width; i++) {
                    result[row * width + i] = scale * table.get((long) token(row) * width + i);
                }
            }
        }
        return result;
    }
}
