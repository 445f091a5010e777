package dev.longhand.bindings.cuda;

import dev.longhand.bindings.cuda.JCudaHandles.DeviceMemory;
import dev.longhand.bindings.cuda.generated.LonghandCudaDriver;

import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The device memory and the pinned host memory of one context, which must be current. */
final class CudaMemory {
    /** Pinned memory under an arena of its own, so that use after free throws. */
    private static final class Pinned {
        final Arena arena = Arena.ofShared();
        final MemorySegment segment;

        Pinned(MemorySegment allocated, long bytes) {
            segment = allocated.reinterpret(bytes, arena, null);
        }
    }

    private final ContextHealth health;
    private final Map<Long, DeviceMemory> device = new HashMap<>();
    private final Map<Long, Pinned> pinned = new HashMap<>();

    CudaMemory(ContextHealth health) {
        this.health = health;
    }

    CudaDriver.MemoryInfo info() {
        long[] free = new long[1];
        long[] total = new long[1];
        health.check(JCudaDriver.cuMemGetInfo(free, total), "cuMemGetInfo");
        return new CudaDriver.MemoryInfo(free[0], total[0]);
    }

    long allocate(long bytes) {
        requirePositive(bytes);
        DeviceMemory memory = new DeviceMemory();
        int status = JCudaDriver.cuMemAlloc(memory, bytes);
        if (status != CUresult.CUDA_SUCCESS) {
            throw health.failure(status, "cuMemAlloc", shortage(status, bytes));
        }
        device.put(memory.address(), memory);
        return memory.address();
    }

    private static String shortage(int status, long bytes) {
        String asked = "%,d bytes asked for".formatted(bytes);
        long[] free = new long[1];
        long[] total = new long[1];
        if (CudaDriverException.Kind.of(status) != CudaDriverException.Kind.OUT_OF_MEMORY
                || JCudaDriver.cuMemGetInfo(free, total) != CUresult.CUDA_SUCCESS) {
            return asked;
        }
        return "%s, %,d of %,d free".formatted(asked, free[0], total[0]);
    }

    void free(long address) {
        DeviceMemory memory = device.remove(address);
        if (memory == null) {
            throw new IllegalArgumentException(
                    "not an allocation of this driver: 0x" + Long.toHexString(address));
        }
        health.check(JCudaDriver.cuMemFree(memory), "cuMemFree");
    }

    MemorySegment allocatePinned(long bytes) {
        requirePositive(bytes);
        try (Arena call = Arena.ofConfined()) {
            MemorySegment out = call.allocate(ValueLayout.ADDRESS);
            int status =
                    LonghandCudaDriver.cuMemHostAlloc(
                            out, bytes, JCudaDriver.CU_MEMHOSTALLOC_PORTABLE);
            if (status != CUresult.CUDA_SUCCESS) {
                throw health.failure(
                        status, "cuMemHostAlloc", "%,d bytes asked for".formatted(bytes));
            }
            Pinned memory = new Pinned(out.get(ValueLayout.ADDRESS, 0), bytes);
            pinned.put(memory.segment.address(), memory);
            return memory.segment;
        }
    }

    void freePinned(MemorySegment segment) {
        Pinned memory = pinned.remove(segment.address());
        if (memory == null) {
            throw new IllegalArgumentException("not pinned memory of this driver: " + segment);
        }
        freePinned(memory);
    }

    private void freePinned(Pinned memory) {
        MemorySegment allocated = MemorySegment.ofAddress(memory.segment.address());
        memory.arena.close();
        health.check(LonghandCudaDriver.cuMemFreeHost(allocated), "cuMemFreeHost");
    }

    /** Frees all remaining memory even if a step fails. */
    void freeAll(Cleanup cleanup) {
        for (Pinned memory : List.copyOf(pinned.values())) {
            cleanup.run(() -> freePinned(memory));
        }
        for (DeviceMemory memory : List.copyOf(device.values())) {
            cleanup.run(() -> health.check(JCudaDriver.cuMemFree(memory), "cuMemFree"));
        }
        pinned.clear();
        device.clear();
    }

    private static void requirePositive(long bytes) {
        if (bytes <= 0) {
            throw new IllegalArgumentException("cannot allocate " + bytes + " bytes");
        }
    }
}
