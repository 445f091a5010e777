package dev.longhand.bench.kernels;

import dev.longhand.kernels.tensor.BFloat16;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;

/**
 * A block of small random bf16 numbers in host memory, of which all matrices of a model may be
 * views: a model of any size then needs the host memory of its largest matrix. The numbers repeat
 * with a period that no row length divides.
 */
public final class RandomBlock {
    private static final int PERIOD = 1_000_003;
    private static final float DEVIATION = 0.02f;
    private static final long SEED = 1;

    private final Arena arena;
    private final MemorySegment block;

    /**
     * Fills the block.
     *
     * @param arena holds the block and the vectors of {@link #ones}
     * @param bytes the size of the largest view
     */
    public RandomBlock(Arena arena, long bytes) {
        this.arena = arena;
        block = arena.allocate(bytes, 64);
        Random random = new Random(SEED);
        int count = (int) Math.min(PERIOD, bytes / 2);
        for (int i = 0; i < count; i++) {
            short bits = BFloat16.bits((float) random.nextGaussian() * DEVIATION);
            block.setAtIndex(ValueLayout.JAVA_SHORT, i, bits);
        }
        for (long done = 2L * count; done < bytes; done += 2L * count) {
            MemorySegment.copy(block, 0, block, done, Math.min(2L * count, bytes - done));
        }
    }

    /** Returns the first [rows, width] numbers of the block as a BF16 matrix. */
    public HostTensor view(long rows, long width) {
        Shape shape = Shape.of(rows, width);
        return new HostTensor(DType.BF16, shape, block.asSlice(0, DType.BF16.bytes(shape)));
    }

    /** Returns a vector of ones in F32. */
    public HostTensor ones(int width) {
        HostTensor tensor = HostTensor.allocate(arena, DType.F32, Shape.of(width));
        for (int i = 0; i < width; i++) {
            tensor.set(i, 1);
        }
        return tensor;
    }
}
