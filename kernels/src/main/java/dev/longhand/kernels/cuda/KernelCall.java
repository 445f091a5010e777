package dev.longhand.kernels.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.longhand.bindings.cuda.CudaDriver.Dim3;
import dev.longhand.bindings.cuda.CudaQueue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A kernel with its parameters in native memory, built once and reused: a launch allocates nothing.
 * Parameters are set in order; structs are set field by field, each aligned as C aligns it.
 */
final class KernelCall {
    private final CudaQueue queue;
    private final long function;
    private final boolean overlapped;
    private final MemorySegment values;
    private final MemorySegment pointers;
    private final long[] starts;
    private int parameter;
    private long end;
    private Dim3 grid = new Dim3(1, 1, 1);
    private Dim3 block = new Dim3(1, 1, 1);

    /**
     * A call of a kernel.
     *
     * @param queue where it is launched
     * @param overlapped whether the kernel itself waits for the kernels queued before it
     * @param parameterBytes the size of each parameter, in order
     */
    KernelCall(
            Arena arena,
            CudaQueue queue,
            long function,
            boolean overlapped,
            int... parameterBytes) {
        this.queue = queue;
        this.function = function;
        this.overlapped = overlapped;
        starts = new long[parameterBytes.length];
        long total = 0;
        for (int i = 0; i < parameterBytes.length; i++) {
            starts[i] = total;
            total += (parameterBytes[i] + 15L) / 16 * 16;
        }
        values = arena.allocate(Math.max(total, 16), 16);
        pointers = arena.allocate(ADDRESS, Math.max(parameterBytes.length, 1));
        for (int i = 0; i < parameterBytes.length; i++) {
            pointers.setAtIndex(ADDRESS, i, values.asSlice(starts[i]));
        }
    }

    /** Begins to set parameters from the first one on. */
    KernelCall begin() {
        parameter = -1;
        return this;
    }

    /** Moves to the next parameter; fields are added to it. */
    KernelCall next() {
        parameter++;
        end = starts[parameter];
        return this;
    }

    KernelCall field(long value) {
        end = (end + 7) / 8 * 8;
        values.set(JAVA_LONG, end, value);
        end += Long.BYTES;
        return this;
    }

    KernelCall field(int value) {
        values.set(JAVA_INT, end, value);
        end += Integer.BYTES;
        return this;
    }

    KernelCall field(float value) {
        values.set(JAVA_FLOAT, end, value);
        end += Float.BYTES;
        return this;
    }

    KernelCall parameter(long value) {
        return next().field(value);
    }

    KernelCall parameter(int value) {
        return next().field(value);
    }

    KernelCall parameter(float value) {
        return next().field(value);
    }

    /** Queues the kernel over a grid of blocks of {@code threads}. */
    void launch(int x, int y, int z, int threads) {
        if (grid.x() != x || grid.y() != y || grid.z() != z) {
            grid = new Dim3(x, y, z);
        }
        if (block.x() != threads) {
            block = new Dim3(threads, 1, 1);
        }
        if (overlapped) {
            queue.launchOverlapped(function, grid, block, 0, pointers);
        } else {
            queue.launch(function, grid, block, 0, pointers);
        }
    }
}
