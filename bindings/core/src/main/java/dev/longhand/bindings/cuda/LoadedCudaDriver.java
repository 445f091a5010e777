package dev.longhand.bindings.cuda;

import static dev.longhand.bindings.cuda.JCudaHandles.known;

import dev.longhand.bindings.cuda.JCudaHandles.Context;
import dev.longhand.bindings.cuda.JCudaHandles.Event;
import dev.longhand.bindings.cuda.JCudaHandles.Function;
import dev.longhand.bindings.cuda.JCudaHandles.Graph;
import dev.longhand.bindings.cuda.JCudaHandles.Stream;
import dev.longhand.bindings.cuda.generated.CUlaunchAttribute;
import dev.longhand.bindings.cuda.generated.CUlaunchConfig;
import dev.longhand.bindings.cuda.generated.LonghandCudaDriver;

import jcuda.driver.CUevent_flags;
import jcuda.driver.CUgraph;
import jcuda.driver.CUresult;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;

/**
 * The driver over the {@code libcuda.so.1} that this process has loaded. Calls that queue work, and
 * so run in every decode step, go through the generated bindings and allocate nothing on the heap.
 * Calls that create and destroy resources go through JCuda, whose objects are kept in between.
 */
final class LoadedCudaDriver implements CudaDriver {
    /** The driver whose context is current in a thread; CUDA keeps one per thread. */
    private static final ThreadLocal<@Nullable LoadedCudaDriver> CURRENT = new ThreadLocal<>();

    private final CudaDevice device;
    private final Context context = new Context();
    private final ContextHealth health = new ContextHealth();
    private final CudaMemory memory = new CudaMemory(health);
    private final CudaModules modules = new CudaModules(health);
    private final Map<Long, Stream> streams = new HashMap<>();
    private final Map<Long, Event> events = new HashMap<>();
    private final Map<Long, Graph> graphs = new HashMap<>();
    private final MemorySegment config;
    private final int overlapAttributes;
    private boolean closed;

    /** Creates a context on a device of the library that JCuda is bound to. */
    LoadedCudaDriver(CudaDevice device) {
        this.device = device;
        Arena arena = Arena.ofAuto(); // one arena, since the configuration points to the attribute
        MemorySegment overlap = CUlaunchAttribute.allocate(arena);
        CUlaunchAttribute.id(
                overlap,
                LonghandCudaDriver.CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION());
        CUlaunchAttribute.value(overlap, 1);
        config = CUlaunchConfig.allocate(arena);
        CUlaunchConfig.attrs(config, overlap);
        overlapAttributes = device.overlapsLaunches() ? 1 : 0;
        health.check(
                JCudaDriver.cuCtxCreate(context, 0, JCudaDevices.get(device.ordinal())),
                "cuCtxCreate");
        CURRENT.set(this);
    }

    /** Makes the context current in this thread; called before every call into the driver. */
    void enter() {
        if (closed) {
            throw new IllegalStateException("the CUDA driver is closed");
        }
        if (CURRENT.get() != this) {
            follow();
        }
    }

    private void follow() {
        if (Thread.currentThread().isVirtual()) {
            throw new IllegalStateException(
                    "a CUDA context stays with its platform thread; call from one, not from a"
                            + " virtual thread");
        }
        health.check(LonghandCudaDriver.cuCtxSetCurrent(context.handle()), "cuCtxSetCurrent");
        CURRENT.set(this);
    }

    @Override
    public CudaDevice device() {
        return device;
    }

    @Override
    public MemoryInfo memoryInfo() {
        enter();
        return memory.info();
    }

    @Override
    public long allocate(long bytes) {
        enter();
        return memory.allocate(bytes);
    }

    @Override
    public void free(long address) {
        enter();
        memory.free(address);
    }

    @Override
    public MemorySegment allocatePinned(long bytes) {
        enter();
        return memory.allocatePinned(bytes);
    }

    @Override
    public void freePinned(MemorySegment segment) {
        enter();
        memory.freePinned(segment);
    }

    @Override
    public void copyToDevice(long to, MemorySegment from, long stream) {
        enter();
        requireNative(from);
        health.check(
                LonghandCudaDriver.cuMemcpyHtoDAsync_v2(to, from, from.byteSize(), stream),
                "cuMemcpyHtoDAsync");
    }

    @Override
    public void copyToHost(MemorySegment to, long from, long stream) {
        enter();
        requireNative(to);
        if (to.isReadOnly()) {
            throw new IllegalArgumentException("cannot copy into read-only memory");
        }
        health.check(
                LonghandCudaDriver.cuMemcpyDtoHAsync_v2(to, from, to.byteSize(), stream),
                "cuMemcpyDtoHAsync");
    }

    private static void requireNative(MemorySegment segment) {
        if (!segment.isNative()) {
            throw new IllegalArgumentException(
                    "host memory must be native: an array on the heap may move while it is copied");
        }
    }

    @Override
    public void copyOnDevice(long to, long from, long bytes, long stream) {
        enter();
        requireNotNegative(bytes);
        health.check(
                LonghandCudaDriver.cuMemcpyDtoDAsync_v2(to, from, bytes, stream),
                "cuMemcpyDtoDAsync");
    }

    @Override
    public void fill(long address, byte value, long bytes, long stream) {
        enter();
        requireNotNegative(bytes);
        health.check(
                LonghandCudaDriver.cuMemsetD8Async(address, value, bytes, stream),
                "cuMemsetD8Async");
    }

    /** Rejects negative sizes: the driver's sizes are unsigned, so -1 would mean all memory. */
    private static void requireNotNegative(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("negative size: " + bytes);
        }
    }

    @Override
    public long loadModule(MemorySegment image) {
        enter();
        requireNative(image);
        return modules.load(image);
    }

    @Override
    public void unloadModule(long module) {
        enter();
        modules.unload(module);
    }

    @Override
    public long function(long module, String name) {
        enter();
        return modules.function(module, name);
    }

    @Override
    public void setSharedMemoryMax(long function, int bytes) {
        enter();
        modules.setSharedMemoryMax(function, bytes);
    }

    @Override
    public void launch(
            long function,
            Dim3 grid,
            Dim3 block,
            int sharedBytes,
            long stream,
            MemorySegment parameters) {
        launch(function, grid, block, sharedBytes, stream, parameters, 0);
    }

    @Override
    public void launchOverlapped(
            long function,
            Dim3 grid,
            Dim3 block,
            int sharedBytes,
            long stream,
            MemorySegment parameters) {
        launch(function, grid, block, sharedBytes, stream, parameters, overlapAttributes);
    }

    private void launch(
            long function,
            Dim3 grid,
            Dim3 block,
            int sharedBytes,
            long stream,
            MemorySegment parameters,
            int attributes) {
        enter();
        CUlaunchConfig.gridDimX(config, grid.x());
        CUlaunchConfig.gridDimY(config, grid.y());
        CUlaunchConfig.gridDimZ(config, grid.z());
        CUlaunchConfig.blockDimX(config, block.x());
        CUlaunchConfig.blockDimY(config, block.y());
        CUlaunchConfig.blockDimZ(config, block.z());
        CUlaunchConfig.sharedMemBytes(config, sharedBytes);
        CUlaunchConfig.hStream(config, stream);
        CUlaunchConfig.numAttrs(config, attributes);
        int status =
                LonghandCudaDriver.cuLaunchKernelEx(
                        config, function, parameters, MemorySegment.NULL);
        if (status != CUresult.CUDA_SUCCESS) {
            Function kernel = modules.describe(function);
            throw health.failure(
                    status,
                    "cuLaunchKernelEx",
                    "kernel %s, %s, %s, %d bytes of dynamic shared memory"
                            .formatted(
                                    kernel == null ? "unknown" : kernel.name,
                                    grid,
                                    block,
                                    sharedBytes));
        }
    }

    @Override
    public long createStream() {
        enter();
        Stream stream = new Stream();
        health.check(
                JCudaDriver.cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING),
                "cuStreamCreate");
        streams.put(stream.handle(), stream);
        return stream.handle();
    }

    @Override
    public void synchronize(long stream) {
        enter();
        health.check(LonghandCudaDriver.cuStreamSynchronize(stream), "cuStreamSynchronize");
    }

    Stream stream(long handle) {
        return known(streams.get(handle), "stream");
    }

    @Override
    public void destroyStream(long stream) {
        enter();
        destroy(known(streams.remove(stream), "stream"));
    }

    @Override
    public long createEvent() {
        enter();
        Event event = new Event();
        health.check(
                JCudaDriver.cuEventCreate(event, CUevent_flags.CU_EVENT_DEFAULT), "cuEventCreate");
        events.put(event.handle(), event);
        return event.handle();
    }

    @Override
    public void record(long event, long stream) {
        enter();
        health.check(LonghandCudaDriver.cuEventRecord(event, stream), "cuEventRecord");
    }

    @Override
    public void await(long stream, long event) {
        enter();
        health.check(LonghandCudaDriver.cuStreamWaitEvent(stream, event, 0), "cuStreamWaitEvent");
    }

    @Override
    public void synchronizeEvent(long event) {
        enter();
        Event passing = known(events.get(event), "event");
        health.check(JCudaDriver.cuEventSynchronize(passing), "cuEventSynchronize");
    }

    @Override
    public float elapsedMillis(long from, long to) {
        enter();
        float[] millis = new float[1];
        health.check(
                JCudaDriver.cuEventElapsedTime(
                        millis, known(events.get(from), "event"), known(events.get(to), "event")),
                "cuEventElapsedTime");
        return millis[0];
    }

    @Override
    public void destroyEvent(long event) {
        enter();
        destroy(known(events.remove(event), "event"));
    }

    @Override
    public void beginCapture(long stream) {
        enter();
        health.check(
                JCudaDriver.cuStreamBeginCapture(
                        stream(stream), CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL),
                "cuStreamBeginCapture");
    }

    @Override
    public long endCapture(long stream) {
        enter();
        CUgraph recorded = new CUgraph();
        health.check(
                JCudaDriver.cuStreamEndCapture(stream(stream), recorded), "cuStreamEndCapture");
        Graph graph = new Graph();
        int status = JCudaDriver.cuGraphInstantiate(graph, recorded, 0);
        int destroyed = JCudaDriver.cuGraphDestroy(recorded); // the executable one is a copy
        health.check(status, "cuGraphInstantiate");
        graphs.put(graph.handle(), graph);
        health.check(destroyed, "cuGraphDestroy");
        return graph.handle();
    }

    @Override
    public void launchGraph(long graph, long stream) {
        enter();
        health.check(LonghandCudaDriver.cuGraphLaunch(graph, stream), "cuGraphLaunch");
    }

    @Override
    public void destroyGraph(long graph) {
        enter();
        destroy(known(graphs.remove(graph), "graph"));
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        boolean toldAlready = health.ended();
        Cleanup cleanup = new Cleanup();
        cleanup.run(this::enter);
        closed = true;
        graphs.values().forEach(g -> cleanup.run(() -> destroy(g)));
        events.values().forEach(e -> cleanup.run(() -> destroy(e)));
        streams.values().forEach(s -> cleanup.run(() -> destroy(s)));
        modules.unloadAll(cleanup);
        memory.freeAll(cleanup);
        cleanup.run(() -> health.check(JCudaDriver.cuCtxDestroy(context), "cuCtxDestroy"));
        CURRENT.remove();
        if (!toldAlready) { // else every step has repeated a failure that the caller knows
            cleanup.finish();
        }
    }

    private void destroy(Graph graph) {
        health.check(JCudaDriver.cuGraphExecDestroy(graph), "cuGraphExecDestroy");
    }

    private void destroy(Event event) {
        health.check(JCudaDriver.cuEventDestroy(event), "cuEventDestroy");
    }

    private void destroy(Stream stream) {
        health.check(JCudaDriver.cuStreamDestroy(stream), "cuStreamDestroy");
    }
}
