package dev.longhand.bindings.cuda;

import java.lang.foreign.MemorySegment;

/**
 * The door to a CUDA device: what the kernels need of the driver API and nothing more, over
 * whichever {@code libcuda.so.1} is there, NVIDIA's or the PTX device. Nothing implements it yet;
 * {@link CudaProbe} says whether there would be a device.
 *
 * <p>One context on one device; calls come from the thread that opened it. Handles are the driver's
 * own pointers as longs, device addresses are plain longs. A status other than success becomes an
 * exception at the line it happened. Host memory in copies is native or pinned, never a heap array.
 */
public interface CudaDriver extends AutoCloseable {
    /** The device behind this door. */
    CudaDevice device();

    /** Allocates device memory, aligned to 256 bytes; returns its address. */
    long allocate(long bytes);

    /** Frees device memory. */
    void free(long address);

    /** Allocates pinned host memory, which copies reach without staging. */
    MemorySegment allocatePinned(long bytes);

    /** Frees pinned host memory. */
    void freePinned(MemorySegment memory);

    /** Queues a copy from the host; the memory must stay alive until the stream has passed it. */
    void copyToDevice(long to, MemorySegment from, long stream);

    /** Queues a copy to the host. */
    void copyToHost(MemorySegment to, long from, long stream);

    /** Loads a module from PTX text or a cubin image; returns its handle. */
    long loadModule(MemorySegment image);

    /** Unloads a module and its functions. */
    void unloadModule(long module);

    /** The handle of a kernel of a module. */
    long function(long module, String name);

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
            Extent grid,
            Extent block,
            int sharedBytes,
            long stream,
            MemorySegment parameters);

    /** Sizes of a grid or a block. */
    record Extent(int x, int y, int z) {}

    /** Creates a stream that does not synchronise with the default stream. */
    long createStream();

    /** Waits until a stream has done all that was queued. */
    void synchronize(long stream);

    /** Destroys a stream. */
    void destroyStream(long stream);

    /** Creates an event with timing. */
    long createEvent();

    /** Queues an event. */
    void record(long event, long stream);

    /** Makes a stream wait for an event. */
    void await(long stream, long event);

    /** Milliseconds between two events that have passed. */
    float elapsedMillis(long from, long to);

    /** Destroys an event. */
    void destroyEvent(long event);

    /** Begins to record what is queued on a stream instead of running it. */
    void beginCapture(long stream);

    /** Ends the recording; returns an executable graph. */
    long endCapture(long stream);

    /** Queues an executable graph. */
    void launchGraph(long graph, long stream);

    /** Destroys an executable graph. */
    void destroyGraph(long graph);

    /** Frees everything that is left and destroys the context; idempotent. */
    @Override
    void close();
}
