package dev.longhand.bindings.cuda;

import dev.longhand.bindings.cuda.CudaDriver.Dim3;

import java.lang.foreign.MemorySegment;

/**
 * A stream together with the driver it belongs to. Work queued here runs in order; each method
 * calls its namesake in {@link CudaDriver} with this stream. Memory, modules and events belong to
 * the whole context and come from {@link #driver}.
 *
 * @param driver the driver whose context holds the stream
 * @param stream the handle of the stream
 */
public record CudaQueue(CudaDriver driver, long stream) {
    /** Creates a stream, which lives until the driver is closed. */
    public static CudaQueue create(CudaDriver driver) {
        return new CudaQueue(driver, driver.createStream());
    }

    /** Queues a copy from the host; the memory must stay alive until the copy is complete. */
    public void copyToDevice(long to, MemorySegment from) {
        driver.copyToDevice(to, from, stream);
    }

    /** Queues a copy to the host. */
    public void copyToHost(MemorySegment to, long from) {
        driver.copyToHost(to, from, stream);
    }

    /** Queues a copy of {@code bytes} bytes inside the device's memory; the ranges are disjoint. */
    public void copyOnDevice(long to, long from, long bytes) {
        driver.copyOnDevice(to, from, bytes, stream);
    }

    /** Queues setting {@code bytes} bytes of device memory to one value. */
    public void fill(long address, byte value, long bytes) {
        driver.fill(address, value, bytes, stream);
    }

    /** Queues a kernel; see {@link CudaDriver#launch}. */
    public void launch(
            long function, Dim3 grid, Dim3 block, int sharedBytes, MemorySegment parameters) {
        driver.launch(function, grid, block, sharedBytes, stream, parameters);
    }

    /**
     * Queues a kernel that may overlap the previous one; see {@link CudaDriver#launchOverlapped}.
     */
    public void launchOverlapped(
            long function, Dim3 grid, Dim3 block, int sharedBytes, MemorySegment parameters) {
        driver.launchOverlapped(function, grid, block, sharedBytes, stream, parameters);
    }

    /** Queues an event. */
    public void record(long event) {
        driver.record(event, stream);
    }

    /** Waits until all queued work is done. */
    public void synchronize() {
        driver.synchronize(stream);
    }

    /** Begins to record the work that this thread queues here instead of running it. */
    public void beginCapture() {
        driver.beginCapture(stream);
    }

    /** Ends the recording; returns an executable graph. */
    public long endCapture() {
        return driver.endCapture(stream);
    }

    /** Queues an executable graph. */
    public void launchGraph(long graph) {
        driver.launchGraph(graph, stream);
    }
}
