package dev.longhand.bindings.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.bindings.cuda.CudaDriver.Dim3;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** The cases of {@link LoadedCudaDriverTest}, each in a process of its own. */
final class StubCases {
    static final String DONE = "case passed\n";

    private static final String PTX = ".version 7.8";
    private static final int WARM_UP_STEPS = 30_000;
    private static final int MEASURED_STEPS = 10_000;

    private StubCases() {}

    public static void main(String[] arguments) throws Throwable {
        Path driver = Path.of(arguments[1]);
        switch (arguments[0]) {
            case "everyCall" -> everyCall(driver);
            case "allocations" -> allocations(driver);
            case "failures" -> failures(driver);
            case "threads" -> threads(driver);
            case "secondLibrary" -> secondLibrary(driver, Path.of(arguments[2]));
            case "otherName" -> otherName(driver);
            default -> throw new IllegalArgumentException(arguments[0]);
        }
        System.out.print(DONE);
    }

    private static CudaDriver open(Path driver) {
        return CudaDrivers.open(CudaLibrary.at(driver), 0);
    }

    private static int stub(String function, Object... arguments) throws Throwable {
        FunctionDescriptor descriptor = FunctionDescriptor.of(ValueLayout.JAVA_INT);
        if (arguments.length > 0) {
            descriptor = FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT);
        }
        MemorySegment symbol =
                SymbolLookup.libraryLookup("libcuda.so.1", Arena.global()).findOrThrow(function);
        Object result =
                Linker.nativeLinker()
                        .downcallHandle(symbol, descriptor)
                        .invokeWithArguments(arguments);
        return result == null ? 0 : (int) result;
    }

    private static long loadPtx(CudaDriver cuda, Arena arena) {
        return cuda.loadModule(arena.allocateFrom(PTX));
    }

    /** Where the kernel writes, as a parameter block. */
    private static MemorySegment parameters(long out, Arena arena) {
        MemorySegment value = arena.allocateFrom(ValueLayout.JAVA_LONG, out);
        return arena.allocateFrom(ValueLayout.ADDRESS, value);
    }

    private static int[] ints(CudaDriver cuda, long address, int count, long stream, Arena arena) {
        MemorySegment read = arena.allocate(ValueLayout.JAVA_INT, count);
        cuda.copyToHost(read, address, stream);
        cuda.synchronize(stream);
        return read.toArray(ValueLayout.JAVA_INT);
    }

    private static void everyCall(Path driver) throws Throwable {
        CudaLibrary.at(driver).load();
        Files.delete(driver); // mapped once, its file is needed no more
        CudaDriver cuda = open(driver);
        assertEquals(new CudaDevice(0, "Stub", 9, 0, 12_060, 1L << 33), cuda.device());
        try (cuda;
                Arena arena = Arena.ofConfined()) {
            assertEquals(new CudaDriver.MemoryInfo(1000, 2000), cuda.memoryInfo());
            long stream = cuda.createStream();
            long memory = cuda.allocate(64);
            copies(cuda, memory, stream);

            long module = loadPtx(cuda, arena);
            long kernel = cuda.function(module, "kernel");
            cuda.setSharedMemoryMax(kernel, 100_000);
            MemorySegment block = parameters(memory, arena);
            Dim3 grid = new Dim3(2, 3, 4);
            Dim3 threads = new Dim3(5, 6, 7);
            cuda.launch(kernel, grid, threads, 8, stream, block);
            assertArrayEquals(
                    new int[] {2, 3, 4, 5, 6, 7, 8, 100_000, 0, 0, 0},
                    ints(cuda, memory, 11, stream, arena));
            cuda.launchOverlapped(kernel, grid, threads, 8, stream, block);
            assertArrayEquals(
                    new int[] {2, 3, 4, 5, 6, 7, 8, 100_000, 1, 6, 1},
                    ints(cuda, memory, 11, stream, arena));

            cuda.beginCapture(stream);
            long graph = cuda.endCapture(stream);
            cuda.launchGraph(graph, stream);
            long before = cuda.createEvent();
            long after = cuda.createEvent();
            cuda.record(before, stream);
            cuda.await(stream, before);
            assertEquals(1.5f, cuda.elapsedMillis(before, after));

            // context, stream, memory, module, graph, two events
            assertEquals(7, stub("stub_live"));
            cuda.destroyEvent(before);
            cuda.destroyGraph(graph);
            cuda.unloadModule(module);
            cuda.free(memory);
            cuda.destroyStream(stream);
            assertEquals(2, stub("stub_live"));
            assertThrows(IllegalArgumentException.class, () -> cuda.free(memory));
            assertThrows(IllegalArgumentException.class, () -> cuda.destroyEvent(before));
            cuda.allocate(64);
            cuda.allocatePinned(64);
            loadPtx(cuda, arena);
            cuda.createStream();
        }
        assertEquals(0, stub("stub_live"));
        cuda.close();
        assertThrows(IllegalStateException.class, () -> cuda.allocate(1));
    }

    private static void copies(CudaDriver cuda, long memory, long stream) {
        MemorySegment pinned = cuda.allocatePinned(64);
        pinned.setString(0, "from the host");
        cuda.copyToDevice(memory, pinned, stream);
        cuda.copyOnDevice(memory + 32, memory, 32, stream);
        cuda.fill(memory, (byte) -1, 32, stream);
        pinned.fill((byte) 0);
        cuda.copyToHost(pinned, memory, stream);
        cuda.synchronize(stream);
        assertEquals(-1, pinned.get(ValueLayout.JAVA_BYTE, 31));
        assertEquals("from the host", pinned.getString(32));
        MemorySegment heap = MemorySegment.ofArray(new byte[8]);
        assertThrows(IllegalArgumentException.class, () -> cuda.copyToDevice(memory, heap, stream));
        assertThrows(IllegalArgumentException.class, () -> cuda.copyToHost(heap, memory, stream));
        assertThrows(
                IllegalArgumentException.class,
                () -> cuda.copyToHost(pinned.asReadOnly(), memory, stream));
        assertThrows(IllegalArgumentException.class, () -> cuda.fill(memory, (byte) 0, -1, stream));
        cuda.freePinned(pinned);
        assertThrows(IllegalStateException.class, () -> pinned.get(ValueLayout.JAVA_BYTE, 0));

        long large = (1L << 31) + 8; // beyond what a ByteBuffer can hold
        MemorySegment pinnedLarge = cuda.allocatePinned(large);
        assertEquals(large, pinnedLarge.byteSize());
        pinnedLarge.set(ValueLayout.JAVA_BYTE, large - 1, (byte) 7);
        cuda.freePinned(pinnedLarge);
    }

    private static void allocations(Path driver) {
        try (CudaDriver cuda = open(driver);
                Arena arena = Arena.ofConfined()) {
            long stream = cuda.createStream();
            long memory = cuda.allocate(64);
            long event = cuda.createEvent();
            cuda.beginCapture(stream);
            long graph = cuda.endCapture(stream);
            long kernel = cuda.function(loadPtx(cuda, arena), "kernel");
            MemorySegment block = parameters(memory, arena);
            MemorySegment pinned = cuda.allocatePinned(16);
            Dim3 grid = new Dim3(1, 1, 1);
            Runnable step =
                    () -> {
                        cuda.copyToDevice(memory, pinned, stream);
                        cuda.fill(memory, (byte) 0, 16, stream);
                        cuda.copyOnDevice(memory + 16, memory, 16, stream);
                        cuda.launch(kernel, grid, grid, 0, stream, block);
                        cuda.launchOverlapped(kernel, grid, grid, 0, stream, block);
                        cuda.launchGraph(graph, stream);
                        cuda.record(event, stream);
                        cuda.await(stream, event);
                        cuda.copyToHost(pinned, memory, stream);
                        cuda.synchronize(stream);
                    };
            for (int i = 0; i < WARM_UP_STEPS; i++) {
                step.run();
            }
            var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < MEASURED_STEPS; i++) {
                step.run();
            }
            long bytes = threads.getCurrentThreadAllocatedBytes() - before;
            assertTrue(bytes < MEASURED_STEPS, bytes + " bytes in " + MEASURED_STEPS + " steps");
        }
    }

    private static CudaDriverException failure(Runnable call) {
        return assertThrows(CudaDriverException.class, call::run);
    }

    private static void assertContains(Throwable failure, String... parts) {
        for (String part : parts) {
            assertTrue(failure.getMessage().contains(part), failure.getMessage());
        }
    }

    private static void failures(Path driver) throws Throwable {
        assertContains(
                assertThrows(
                        IllegalArgumentException.class,
                        () -> CudaDrivers.open(CudaLibrary.at(driver), 1)),
                "no CUDA device 1");
        CudaDriver cuda = open(driver);
        try (Arena arena = Arena.ofConfined()) {
            CudaDriverException memory = failure(() -> cuda.allocate(1L << 40));
            assertEquals(CudaDriverException.Kind.OUT_OF_MEMORY, memory.kind());
            assertEquals(2, memory.status());
            assertEquals("CUDA_ERROR_OUT_OF_MEMORY", memory.statusName());
            assertEquals("cuMemAlloc", memory.call());
            assertContains(memory, "1,099,511,627,776 bytes asked for, 1,000 of 2,000 free");

            MemorySegment open = MemorySegment.ofArray(PTX.getBytes(StandardCharsets.UTF_8));
            MemorySegment text = arena.allocate(open.byteSize()).copyFrom(open);
            assertThrows(IllegalArgumentException.class, () -> cuda.loadModule(text));
            CudaDriverException code = failure(() -> cuda.loadModule(arena.allocateFrom("no PTX")));
            assertEquals(CudaDriverException.Kind.BAD_MODULE, code.kind());
            assertContains(code, "line 1: syntax error", "CUDA_ERROR_INVALID_PTX (218)");

            long module = loadPtx(cuda, arena);
            assertContains(failure(() -> cuda.function(module, "none")), "kernel none");
            long kernel = cuda.function(module, "kernel");
            Dim3 none = new Dim3(0, 1, 1);
            long stream = cuda.createStream();
            assertContains(
                    failure(() -> cuda.launch(kernel, none, none, 0, stream, MemorySegment.NULL)),
                    "kernel kernel",
                    "CUDA_ERROR_INVALID_VALUE");

            stub("stub_fail_synchronize", 700);
            CudaDriverException launch = failure(() -> cuda.synchronize(stream));
            assertEquals(CudaDriverException.Kind.LAUNCH_FAILED, launch.kind());
            assertContains(launch, "cuStreamSynchronize: CUDA_ERROR_ILLEGAL_ADDRESS (700)");
        }
        cuda.close();
        assertEquals(0, stub("stub_live"));
    }

    private static void threads(Path driver) throws Throwable {
        try (CudaDriver one = open(driver);
                CudaDriver two = open(driver)) {
            Thread other = Thread.ofPlatform().start(() -> one.free(one.allocate(8)));
            other.join();
            assertEquals(1000, one.memoryInfo().freeBytes());
            assertEquals(1000, two.memoryInfo().freeBytes());
            boolean[] refused = new boolean[1];
            Thread.ofVirtual()
                    .start(
                            () -> {
                                assertThrows(IllegalStateException.class, one::memoryInfo);
                                refused[0] = true;
                            })
                    .join();
            assertTrue(refused[0]);
        }
        assertEquals(0, stub("stub_live"));
    }

    private static void secondLibrary(Path driver, Path second) {
        try (CudaDriver cuda = open(driver)) {
            CudaUnavailableException refused =
                    assertThrows(CudaUnavailableException.class, () -> open(second));
            assertContains(refused, "this process uses " + driver, second.toString());
            assertEquals("Stub", cuda.device().name());
            assertTrue(CudaProbe.probe() instanceof CudaAvailability.Absent);
            open(driver).close();
        }
    }

    private static void otherName(Path driver) {
        CudaUnavailableException refused =
                assertThrows(CudaUnavailableException.class, () -> open(driver));
        assertContains(refused, driver.toString());
    }
}
