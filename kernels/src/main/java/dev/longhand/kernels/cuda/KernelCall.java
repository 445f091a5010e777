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
 * Parameters are set in order and checked against the sizes that the PTX declares; the fields of a
 * struct are set by name, in any order, after {@link #struct}.
 */
final class KernelCall {
    private static final long ALIGNMENT = 16;

    private final CudaQueue queue;
    private final long function;
    private final KernelSignature signature;
    private final boolean overlapped;
    private final MemorySegment values;
    private final MemorySegment pointers;
    private final long[] starts;
    private int parameter;
    private long struct;
    private Dim3 grid = new Dim3(1, 1, 1);
    private Dim3 block = new Dim3(1, 1, 1);

    /**
     * Creates the call of a kernel.
     *
     * @param queue receives the launches
     * @param function the driver's handle of the kernel
     * @param overlapped whether the kernel itself waits for the kernels queued before it
     */
    KernelCall(
            Arena arena,
            CudaQueue queue,
            long function,
            KernelSignature signature,
            boolean overlapped) {
        this.queue = queue;
        this.function = function;
        this.signature = signature;
        this.overlapped = overlapped;
        int count = signature.parameterBytes().size();
        starts = new long[count];
        long total = 0;
        for (int i = 0; i < count; i++) {
            starts[i] = total;
            total += Math.ceilDiv(signature.parameterBytes().get(i), ALIGNMENT) * ALIGNMENT;
        }
        values = arena.allocate(Math.max(total, ALIGNMENT), ALIGNMENT);
        pointers = arena.allocate(ADDRESS, Math.max(count, 1));
        for (int i = 0; i < count; i++) {
            pointers.setAtIndex(ADDRESS, i, values.asSlice(starts[i]));
        }
    }

    /** Begins to set parameters from the first one on. */
    KernelCall begin() {
        parameter = 0;
        return this;
    }

    /** Sets the next parameter, an integer of 8 bytes or an address. */
    KernelCall parameter(long value) {
        values.set(JAVA_LONG, next(Long.BYTES), value);
        return this;
    }

    /** Sets the next parameter, an integer of 4 bytes. */
    KernelCall parameter(int value) {
        values.set(JAVA_INT, next(Integer.BYTES), value);
        return this;
    }

    /** Sets the next parameter, a float. */
    KernelCall parameter(float value) {
        values.set(JAVA_FLOAT, next(Float.BYTES), value);
        return this;
    }

    /** Begins the next parameter, a struct, whose fields are set from here on. */
    KernelCall struct(KernelStruct type) {
        struct = next(type.bytes());
        return this;
    }

    /** Begins a struct at an offset of the struct parameter that was begun last. */
    KernelCall inner(long offset) {
        struct = starts[parameter - 1] + offset;
        return this;
    }

    KernelCall set(KernelStruct.Int64 field, long value) {
        field.set(values, struct, value);
        return this;
    }

    KernelCall set(KernelStruct.Int32 field, int value) {
        field.set(values, struct, value);
        return this;
    }

    KernelCall set(KernelStruct.Float32 field, float value) {
        field.set(values, struct, value);
        return this;
    }

    /** Moves to the next parameter, which must have {@code bytes} bytes; returns its offset. */
    private long next(long bytes) {
        if (parameter == starts.length || signature.parameterBytes().get(parameter) != bytes) {
            throw new IllegalStateException(
                    "parameter %d of %s is not of %d bytes: %s"
                            .formatted(parameter, signature.kernel(), bytes, signature));
        }
        return starts[parameter++];
    }

    /**
     * Queues the kernel over a grid of blocks of {@code threads} threads.
     *
     * @throws IllegalStateException if a parameter is missing
     */
    void launch(int x, int y, int z, int threads) {
        if (parameter != starts.length) {
            throw new IllegalStateException(
                    "%d parameters are set of %s".formatted(parameter, signature));
        }
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
