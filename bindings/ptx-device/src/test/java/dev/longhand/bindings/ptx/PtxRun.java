package dev.longhand.bindings.ptx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.bindings.cuda.CudaDriver;
import dev.longhand.bindings.cuda.CudaDriver.Dim3;
import dev.longhand.bindings.cuda.CudaDriverException;
import dev.longhand.bindings.cuda.CudaDrivers;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** A context on the PTX device for one test, with its findings and counters cleared before. */
final class PtxRun implements AutoCloseable {
    private static final String HEADER = ".version 7.8\n.target sm_80\n.address_size 64\n";

    final PtxDevice device = TestPtxDevice.get();
    CudaDriver driver;
    Arena arena = Arena.ofConfined();
    private final int ordinal;
    private final List<Long> memory = new ArrayList<>();
    private final List<Long> modules = new ArrayList<>();

    PtxRun() {
        this(0);
    }

    /** On one of the two devices. */
    PtxRun(int ordinal) {
        this.ordinal = ordinal;
        device.fail(PtxDevice.Failure.NONE, 0);
        device.seed(0);
        device.clear();
        driver = CudaDrivers.open(device.library(), ordinal);
    }

    /** As new for the next of many small tests, which is much quicker than a new one. */
    void reset() {
        try {
            memory.forEach(driver::free);
            modules.forEach(driver::unloadModule);
        } catch (CudaDriverException e) { // a fault: only a new context helps
            driver.close();
            driver = CudaDrivers.open(device.library(), ordinal);
        }
        memory.clear();
        modules.clear();
        arena.close();
        arena = Arena.ofConfined();
        device.clear();
    }

    /** Loads kernels; the header goes before them. */
    long load(String kernels) {
        long module = driver.loadModule(arena.allocateFrom(HEADER + kernels));
        modules.add(module);
        return module;
    }

    /** The kernel {@code test} of a text with its body: parameters as written, then the code. */
    long kernel(String parameters, String body) {
        return kernel("", parameters, body);
    }

    /** The same, with variables of the module. */
    long kernel(String variables, String parameters, String body) {
        String text = variables + ".visible .entry test(" + parameters + ")\n{\n" + body + "\n}\n";
        return driver.function(load(text), "test");
    }

    long ints(int... values) {
        return copied(arena.allocateFrom(ValueLayout.JAVA_INT, values));
    }

    long longs(long... values) {
        return copied(arena.allocateFrom(ValueLayout.JAVA_LONG, values));
    }

    private long copied(MemorySegment values) {
        long address = allocate(values.byteSize());
        driver.copyToDevice(address, values, 0);
        return address;
    }

    /** Device memory that nobody has written to. */
    long allocate(long bytes) {
        long address = driver.allocate(bytes);
        memory.add(address);
        return address;
    }

    int[] readInts(long address, int count) {
        MemorySegment read = arena.allocate(ValueLayout.JAVA_INT, count);
        driver.copyToHost(read, address, 0);
        driver.synchronize(0);
        return read.toArray(ValueLayout.JAVA_INT);
    }

    long[] readLongs(long address, int count) {
        MemorySegment read = arena.allocate(ValueLayout.JAVA_LONG, count);
        driver.copyToHost(read, address, 0);
        driver.synchronize(0);
        return read.toArray(ValueLayout.JAVA_LONG);
    }

    /** A parameter block of 64-bit values. */
    MemorySegment parameters(long... values) {
        MemorySegment block = arena.allocate(ValueLayout.ADDRESS, Math.max(1, values.length));
        for (int i = 0; i < values.length; i++) {
            MemorySegment value = arena.allocateFrom(ValueLayout.JAVA_LONG, values[i]);
            block.setAtIndex(ValueLayout.ADDRESS, i, value);
        }
        return block;
    }

    void launch(long function, int blocks, int threads, long... values) {
        launchOn(0, function, blocks, threads, values);
    }

    void launchOn(long stream, long function, int blocks, int threads, long... values) {
        Dim3 grid = new Dim3(blocks, 1, 1);
        Dim3 block = new Dim3(threads, 1, 1);
        driver.launch(function, grid, block, 0, stream, parameters(values));
    }

    /** Launches a kernel that may overlap the one in front. */
    void launchOverlapped(long stream, long function, int threads, long... values) {
        Dim3 one = new Dim3(1, 1, 1);
        Dim3 block = new Dim3(threads, 1, 1);
        driver.launchOverlapped(function, one, block, 0, stream, parameters(values));
    }

    void run(long function, int blocks, int threads, long... values) {
        launch(function, blocks, threads, values);
        driver.synchronize(0);
    }

    /** Runs a kernel that has to fail with a status and one finding. */
    void assertFault(int status, String finding, Runnable running) {
        CudaDriverException failure = assertThrows(CudaDriverException.class, running::run);
        assertEquals(status, failure.status(), failure.getMessage());
        assertFinding(finding);
    }

    void assertFinding(String start) {
        List<String> found = device.findings();
        assertTrue(found.stream().anyMatch(text -> text.startsWith(start)), found::toString);
    }

    void assertNoFindings() {
        assertEquals(List.of(), device.findings());
    }

    @Override
    public void close() {
        device.fail(PtxDevice.Failure.NONE, 0);
        driver.close();
        arena.close();
    }
}
