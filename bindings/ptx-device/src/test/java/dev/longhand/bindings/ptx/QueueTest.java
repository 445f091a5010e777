package dev.longhand.bindings.ptx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.bindings.cuda.CudaDriver;
import dev.longhand.bindings.cuda.CudaDriverException;
import dev.longhand.bindings.cuda.CudaDriverException.Kind;
import dev.longhand.bindings.cuda.CudaDrivers;
import dev.longhand.bindings.ptx.PtxDevice.Failure;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashSet;
import java.util.Set;

/** Streams, events and graphs: what is not ordered comes in any order; and injected failures. */
class QueueTest {
    /** x = factor x + term, so that the order of two launches shows. */
    private static final String UPDATE =
            """
            .reg .b64 %a, %f, %t, %x;
            ld.param.u64 %a, [at];
            ld.param.u64 %f, [factor];
            ld.param.u64 %t, [term];
            ld.global.u64 %x, [%a];
            mad.lo.s64 %x, %x, %f, %t;
            st.global.u64 [%a], %x;
            ret;
            """;

    private static long update(PtxRun run) {
        return run.kernel(".param .u64 at, .param .u64 factor, .param .u64 term", UPDATE);
    }

    private static long twoStreams(long seed, boolean ordered) {
        try (PtxRun run = new PtxRun()) {
            run.device.seed(seed);
            long kernel = update(run);
            long at = run.longs(1);
            long first = run.driver.createStream();
            long second = run.driver.createStream();
            run.driver.synchronize(0);
            if (ordered) {
                run.launchOn(first, kernel, 1, 1, at, 10, 0);
                long event = run.driver.createEvent();
                run.driver.record(event, first);
                run.driver.await(second, event);
            } else {
                run.launchOn(first, kernel, 1, 1, at, 10, 0);
            }
            run.launchOn(second, kernel, 1, 1, at, 1, 5);
            run.driver.synchronize(second);
            run.driver.synchronize(first);
            return run.readLongs(at, 1)[0];
        }
    }

    @Test
    void aMissingEventShows() {
        Set<Long> unordered = new HashSet<>();
        Set<Long> ordered = new HashSet<>();
        for (long seed = 0; seed < 8; seed++) {
            unordered.add(twoStreams(seed, false));
            ordered.add(twoStreams(seed, true));
        }
        assertEquals(Set.of(15L, 60L), unordered);
        assertEquals(Set.of(15L), ordered);
    }

    /** Nothing runs before somebody waits, so a host buffer that is reused too early shows. */
    @Test
    void copiesRunLate() {
        try (PtxRun run = new PtxRun()) {
            long stream = run.driver.createStream();
            long at = run.driver.allocate(8);
            MemorySegment host = run.arena.allocateFrom(ValueLayout.JAVA_LONG, 1);
            run.driver.copyToDevice(at, host, stream);
            host.set(ValueLayout.JAVA_LONG, 0, 2);
            run.driver.synchronize(stream);
            assertArrayEquals(new long[] {2}, run.readLongs(at, 1));
        }
    }

    @Test
    void fillsAndCopies() {
        try (PtxRun run = new PtxRun()) {
            long at = run.longs(1, 2, 3, 4);
            run.driver.fill(at + 8, (byte) -1, 8, 0);
            run.driver.copyOnDevice(at + 16, at, 8, 0);
            assertArrayEquals(new long[] {1, -1, 1, 4}, run.readLongs(at, 4));
            run.assertNoFindings();
            run.driver.fill(at, (byte) 0, 33, 0);
            run.assertFault(700, "out of bounds: a fill", () -> run.driver.synchronize(0));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 2, 3})
    void graphsReplay(long seed) {
        try (PtxRun run = new PtxRun()) {
            run.device.seed(seed);
            long kernel = update(run);
            long at = run.longs(1);
            long stream = run.driver.createStream();
            long side = run.driver.createStream();
            long fork = run.driver.createEvent();
            long join = run.driver.createEvent();
            run.driver.synchronize(0);
            run.driver.beginCapture(stream);
            run.launchOn(stream, kernel, 1, 1, at, 2, 0);
            run.driver.record(fork, stream);
            run.driver.await(side, fork);
            run.launchOn(side, kernel, 1, 1, at, 1, 1);
            run.driver.record(join, side);
            run.driver.await(stream, join);
            long graph = run.driver.endCapture(stream);
            assertArrayEquals(new long[] {1}, run.readLongs(at, 1));
            for (int i = 0; i < 3; i++) {
                run.driver.launchGraph(graph, stream);
            }
            run.driver.synchronize(stream);
            assertArrayEquals(new long[] {15}, run.readLongs(at, 1));

            run.driver.await(side, fork); // the capture is over: no stream joins it any more
            run.launchOn(side, kernel, 1, 1, at, 0, 7);
            run.driver.synchronize(side);
            assertArrayEquals(new long[] {7}, run.readLongs(at, 1));
            assertTrue(run.device.live() > 0);
            run.assertNoFindings();
        }
    }

    @Test
    void elapsedTime() {
        try (PtxRun run = new PtxRun()) {
            long before = run.driver.createEvent();
            long after = run.driver.createEvent();
            run.driver.record(before, 0);
            run.driver.record(after, 0);
            run.driver.synchronize(0);
            assertTrue(run.driver.elapsedMillis(before, after) >= 0);
        }
    }

    @Test
    void aGraphOfAnUnloadedModuleIsAnError() {
        try (PtxRun run = new PtxRun()) {
            long module = run.load(".entry test() { ret; }");
            long kernel = run.driver.function(module, "test");
            long stream = run.driver.createStream();
            run.driver.beginCapture(stream);
            run.launchOn(stream, kernel, 1, 1);
            long graph = run.driver.endCapture(stream);
            run.driver.unloadModule(module);
            run.driver.launchGraph(graph, stream);
            assertThrows(CudaDriverException.class, () -> run.driver.synchronize(stream));
            run.assertFinding("launch of a kernel whose module was unloaded");
        }
    }

    /** One call of each kind; the numbered one fails. */
    private static void calls(PtxRun run, Failure what) {
        switch (what) {
            case ALLOCATION -> run.driver.allocate(64);
            case MODULE_LOAD -> run.load(".entry test() { ret; }");
            case LAUNCH -> run.launch(run.kernel("", "ret;"), 1, 1);
            default -> run.driver.memoryInfo();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"ALLOCATION", "MODULE_LOAD", "LAUNCH"})
    void theThirdCallFails(Failure what) {
        try (PtxRun run = new PtxRun()) {
            run.device.fail(what, 3);
            calls(run, what);
            calls(run, what);
            CudaDriverException failed =
                    assertThrows(CudaDriverException.class, () -> calls(run, what));
            Kind kind =
                    what == Failure.ALLOCATION
                            ? Kind.OUT_OF_MEMORY
                            : what == Failure.LAUNCH ? Kind.LAUNCH_FAILED : Kind.BAD_MODULE;
            assertEquals(kind, failed.kind());
            calls(run, what);
        }
    }

    @Test
    void aLostDeviceStaysLost() {
        try (PtxRun run = new PtxRun()) {
            run.device.fail(Failure.DEVICE_LOST, 3);
            run.driver.allocate(64);
            run.driver.allocate(64);
            for (int i = 0; i < 2; i++) {
                CudaDriverException lost =
                        assertThrows(CudaDriverException.class, () -> run.driver.allocate(64));
                assertEquals(Kind.DEVICE_LOST, lost.kind());
            }
            run.driver.close();
            assertThrows(
                    CudaDriverException.class, () -> CudaDrivers.open(run.device.library(), 0));
            run.device.fail(Failure.NONE, 0);
            try (CudaDriver again = CudaDrivers.open(run.device.library(), 0)) {
                again.allocate(64);
            }
        }
    }

    /** A fault ends a context, and the next one is as new. */
    @Test
    void aNewContextAfterAFault() {
        String wrong = ".reg .b32 %r; ld.global.u32 %r, [64]; ret;";
        for (int i = 0; i < 2; i++) {
            try (PtxRun run = new PtxRun()) {
                long kernel = run.kernel("", wrong);
                run.launch(kernel, 1, 1);
                assertThrows(CudaDriverException.class, () -> run.driver.synchronize(0));
                assertThrows(CudaDriverException.class, () -> run.driver.allocate(64));
            }
        }
    }
}
