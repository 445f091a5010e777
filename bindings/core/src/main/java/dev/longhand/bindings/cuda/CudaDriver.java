package dev.longhand.bindings.cuda;

import java.lang.foreign.MemorySegment;

/**
 * The part of the CUDA driver API that the kernels need, from the {@code libcuda.so.1} of NVIDIA or
 * of the PTX device. {@link CudaProbe} looks for a device, {@link CudaDrivers} opens it, and a
 * {@link CudaQueue} is one of its streams.
 *
 * <p>A driver is one context on one device, used by one platform thread at a time; the context
 * becomes current in the calling thread. Handles are the driver's own pointers as longs, device
 * addresses are plain longs, stream 0 is the default stream. Host memory in copies is native or
 * pinned, never a heap array.
 *
 * <p>A call that returns a status other than success throws a {@link CudaDriverException}. Calls on
 * a closed driver throw {@link IllegalStateException}. Destroying a handle that this driver does
 * not own (any more) throws {@link IllegalArgumentException}; queueing work with such a handle is
 * undefined. Queueing work and waiting for it allocates nothing on the heap.
 */
public interface CudaDriver extends AutoCloseable {
    /** The opened device. */
    CudaDevice device();

    /** The device's free and total memory, over all processes. */
    MemoryInfo memoryInfo();

    /** Bytes that can still be allocated, and all bytes of the device. */
    record MemoryInfo(long freeBytes, long totalBytes) {}

    /** Allocates device memory, aligned to 256 bytes; returns its address. */
    long allocate(long bytes);

    /** Frees device memory. */
    void free(long address);

    /** Allocates pinned host memory, which is copied to and from the device without staging. */
    MemorySegment allocatePinned(long bytes);

    /** Frees pinned host memory; use of the segment then throws. */
    void freePinned(MemorySegment memory);

    /** Queues a copy from the host; the memory must stay alive until the copy is complete. */
    void copyToDevice(long to, MemorySegment from, long stream);

    /** Queues a copy to the host. */
    void copyToHost(MemorySegment to, long from, long stream);

    /** Queues a copy of {@code bytes} bytes inside the device's memory; the ranges are disjoint. */
    void copyOnDevice(long to, long from, long bytes, long stream);

    /** Queues setting {@code bytes} bytes of device memory to one value. */
    void fill(long address, byte value, long bytes, long stream);

    /**
     * Loads a module; returns its handle.
     *
     * @param image native memory: PTX text with a NUL at its end, a cubin or a fatbin
     */
    long loadModule(MemorySegment image);

    /** Unloads a module and its functions. */
    void unloadModule(long module);

    /** The handle of a kernel of a module. */
    long function(long module, String name);

    /** Sets the maximum of a kernel's dynamic shared memory; 48 KiB without this call. */
    void setSharedMemoryMax(long function, int bytes);

    /**
     * Queues a kernel.
     *
     * @param function a handle from {@link #function}
     * @param grid blocks, x y z
     * @param block threads per block, x y z
     * @param sharedBytes dynamic shared memory
     * @param stream where to queue it
     * @param parameters a native {@code void**} block, one pointer per parameter, built once and
     *     reused: building it per launch costs 4 to 7 microseconds
     */
    void launch(
            long function,
            Dim3 grid,
            Dim3 block,
            int sharedBytes,
            long stream,
            MemorySegment parameters);

    /**
     * Queues a kernel that may start before the previous one on the stream has ended; the kernel
     * itself waits for that end ({@code griddepcontrol.wait}). The same as {@link #launch} on a
     * device without {@link CudaDevice#overlapsLaunches}.
     */
    void launchOverlapped(
            long function,
            Dim3 grid,
            Dim3 block,
            int sharedBytes,
            long stream,
            MemorySegment parameters);

    /** Sizes of a grid in blocks, or of a block in threads. */
    record Dim3(int x, int y, int z) {}

    /** Creates a stream that does not synchronise with the default stream. */
    long createStream();

    /** Waits until all queued work of a stream is done. */
    void synchronize(long stream);

    /** Destroys a stream. */
    void destroyStream(long stream);

    /** Creates an event with timing. */
    long createEvent();

    /** Queues an event. */
    void record(long event, long stream);

    /** Makes a stream wait for an event. */
    void await(long stream, long event);

    /** Waits until an event is complete; returns at once if it was never recorded. */
    void synchronizeEvent(long event);

    /** Milliseconds between two complete events. */
    float elapsedMillis(long from, long to);

    /** Destroys an event. */
    void destroyEvent(long event);

    /**
     * Begins to record the work that this thread queues on a stream (not 0) instead of running it.
     */
    void beginCapture(long stream);

    /** Ends the recording; returns an executable graph. */
    long endCapture(long stream);

    /** Queues an executable graph. */
    void launchGraph(long graph, long stream);

    /** Destroys an executable graph. */
    void destroyGraph(long graph);

    /**
     * Frees all resources and destroys the context; idempotent. Throws the first failure after
     * every step has run, unless the caller already knows that the context has ended.
     */
    @Override
    void close();
}
