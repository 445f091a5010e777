package dev.longhand.kernels.cuda;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.longhand.bindings.cuda.CudaQueue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A chain of {@code rms_norm} kernels, each of which reads the result of the preceding one. A
 * kernel that starts too early, or a graph that loses an order, changes the values at its end.
 */
final class LaunchTrial implements AutoCloseable {
    private static final int LINKS = 8;
    private static final int ROWS = 4;
    private static final int WIDTH = 512;

    private final CudaQueue queue;
    private final DeviceMemory memory;
    private final KernelCall plain;
    private final KernelCall overlapped;
    private final long weight;
    private final long[] values;

    LaunchTrial(CudaQueue queue, DeviceMemory memory, KernelCall plain, KernelCall overlapped) {
        this.queue = queue;
        this.memory = memory;
        this.plain = plain;
        this.overlapped = overlapped;
        try (Arena arena = Arena.ofConfined()) {
            weight = memory.place(pattern(arena, WIDTH));
            MemorySegment start = pattern(arena, ROWS * WIDTH);
            values = new long[] {memory.place(start), memory.place(start)};
        }
    }

    /** Returns the values at the end of the chain, queued with these modes. */
    float[] run(LaunchModes modes) {
        try (Arena arena = Arena.ofConfined()) {
            memory.upload(values[0], pattern(arena, ROWS * WIDTH));
            if (modes.recorded()) {
                replayed(modes);
            } else {
                queueChain(modes);
            }
            MemorySegment out = arena.allocate(JAVA_FLOAT, ROWS * WIDTH);
            memory.download(out, values[LINKS % 2]);
            return out.toArray(JAVA_FLOAT);
        }
    }

    private void replayed(LaunchModes modes) {
        queue.synchronize();
        queue.beginCapture();
        queueChain(modes);
        long graph = queue.endCapture();
        queue.launchGraph(graph);
        queue.synchronize();
        queue.driver().destroyGraph(graph);
    }

    private void queueChain(LaunchModes modes) {
        KernelCall call = modes.overlapped() ? overlapped : plain;
        for (int link = 0; link < LINKS; link++) {
            call.begin().parameter(values[link % 2]).parameter(weight).parameter(1e-6f);
            call.parameter(values[(link + 1) % 2]).parameter(WIDTH).parameter(0);
            call.launch(ROWS, 1, 1, 256);
        }
    }

    private static MemorySegment pattern(Arena arena, int count) {
        MemorySegment values = arena.allocate(JAVA_FLOAT, count);
        for (int i = 0; i < count; i++) {
            values.setAtIndex(JAVA_FLOAT, i, 0.5f + (i * 37 % 101) / 101f);
        }
        return values;
    }

    @Override
    public void close() {
        memory.free(weight);
        memory.free(values[0]);
        memory.free(values[1]);
    }
}
