package dev.longhand.kernels.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.longhand.kernels.TestBackends;
import dev.longhand.kernels.attention.AttentionOptions;
import dev.longhand.kernels.attention.CausalAttention;
import dev.longhand.kernels.backend.TensorArena;
import dev.longhand.kernels.backend.TrainingBackend;
import dev.longhand.kernels.backend.TrainingScratch;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The formula of the scratch memory, beside what a process grows by. */
class TrainingScratchTest {
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final int THREADS = 2;

    @Test
    void attentionTakesWhatIsPlanned() throws IOException {
        assumeTrue(Files.isReadable(STATUS));
        AttentionOptions near = new AttentionOptions(0.1f, 0, 96); // little work at any length
        CausalAttention shape = new CausalAttention(40_000, 4, 2, 128, near);
        long planned = TrainingScratch.bytes(shape, THREADS);
        try (TrainingBackend backend =
                        new CpuTrainingBackend(
                                TestBackends.cpuLibrary(), null, THREADS, DType.F32);
                TensorArena arena = backend.arena()) {
            Tensor q = rows(arena, shape, shape.heads() * shape.headDim());
            Tensor k = rows(arena, shape, shape.kvHeads() * shape.headDim());
            Tensor lse = rows(arena, shape, shape.heads());
            Tensor dq = rows(arena, shape, shape.heads() * shape.headDim());
            Tensor dk = rows(arena, shape, shape.kvHeads() * shape.headDim());
            Tensor dv = rows(arena, shape, shape.kvHeads() * shape.headDim());
            long before = residentBytes();
            backend.attentionBackward(shape, q, k, k, q, lse, q, dq, dk, dv);
            assertEquals(1, (double) (residentBytes() - before) / planned, 0.1);
        }
    }

    private static Tensor rows(TensorArena arena, CausalAttention shape, int width) {
        return arena.allocate(DType.F32, Shape.of(shape.positions(), width));
    }

    private static long residentBytes() throws IOException {
        return Files.readAllLines(STATUS).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
                .findFirst()
                .orElseThrow();
    }
}
