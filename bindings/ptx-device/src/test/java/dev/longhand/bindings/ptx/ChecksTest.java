package dev.longhand.bindings.ptx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.bindings.cuda.CudaDriverException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** One tiny wrong kernel, or a right one used wrongly, for every check. */
class ChecksTest {
    private static final int ILLEGAL_ADDRESS = 700;
    private static final int MISALIGNED = 716;
    private static final int LAUNCH_FAILED = 719;
    private static final String AT =
            """
            .reg .pred %p;
            .reg .b32 %t, %r, %x, %c;
            .reg .b64 %a, %i;
            ld.param.u64 %a, [at];
            mov.u32 %t, %tid.x;
            mov.u32 %c, %ctaid.x;
            mul.wide.u32 %i, %t, 4;
            """;

    private static long kernel(PtxRun run, String body) {
        return run.kernel(".param .u64 at", AT + body + "\nret;");
    }

    private static void fault(int status, String finding, String body) {
        try (PtxRun run = new PtxRun()) {
            long kernel = kernel(run, body);
            long at = run.ints(new int[32]);
            run.assertFault(status, finding, () -> run.run(kernel, 1, 64, at));
        }
    }

    private static void finds(String finding, int blocks, int threads, String body) {
        try (PtxRun run = new PtxRun()) {
            run.run(kernel(run, body), blocks, threads, run.ints(new int[256]));
            run.assertFinding(finding);
            assertTrue(run.device.findings().getFirst().contains("test, PTX line"));
        }
    }

    @Test
    void outOfBounds() {
        fault(ILLEGAL_ADDRESS, "out of bounds", "add.s64 %a, %a, %i; st.global.u32 [%a], %t;");
        fault(ILLEGAL_ADDRESS, "out of bounds", "ld.global.u32 %r, [%a+128];");
        fault(ILLEGAL_ADDRESS, "out of bounds", "ld.global.u32 %r, [%a+-4];");
        fault(ILLEGAL_ADDRESS, "out of bounds", "ld.global.u32 %r, [64];");
        fault(ILLEGAL_ADDRESS, "out of bounds", "atom.global.add.u32 %r, [%a+128], 1;");
        fault(ILLEGAL_ADDRESS, "out of bounds", "mov.u64 %a, -8; ld.u64 %i, [%a];");
        fault(ILLEGAL_ADDRESS, "out of bounds", ".shared .b32 s[4]; st.shared.u32 [s+16], %t;");
        fault(ILLEGAL_ADDRESS, "out of bounds", ".shared .b32 s[4]; ld.shared.u32 %r, [s+-4];");
        fault(
                ILLEGAL_ADDRESS,
                "out of bounds",
                ".local .b32 l[4]; mov.u64 %a, l; st.local.u32 [%a+-4], %t;");
        fault(ILLEGAL_ADDRESS, "out of bounds", "mov.u64 %a, 4096; ld.param.u32 %r, [%a];");
    }

    @Test
    void misaligned() {
        fault(MISALIGNED, "misaligned", "ld.global.u32 %r, [%a+2];");
        fault(
                MISALIGNED,
                "misaligned",
                ".reg .b32 %q<4>; ld.global.v4.u32 {%q0,%q1,%q2,%q3}, [%a+8];");
        fault(MISALIGNED, "misaligned", ".shared .b32 s[4]; st.shared.u16 [s+1], %t;");
    }

    @Test
    void useAfterFree() {
        try (PtxRun run = new PtxRun()) {
            long kernel = kernel(run, "ld.global.u32 %r, [%a];");
            long at = run.ints(new int[32]);
            run.driver.free(at);
            run.assertFault(ILLEGAL_ADDRESS, "use after free", () -> run.run(kernel, 1, 1, at));
        }
    }

    @Test
    void aHostAddressIsNoDeviceAddress() {
        try (PtxRun run = new PtxRun()) {
            long kernel = kernel(run, "ld.global.u32 %r, [%a];");
            long host = run.arena.allocate(64).address();
            run.assertFault(
                    ILLEGAL_ADDRESS, "out of bounds", () -> run.run(kernel, 1, 1, host & -8));
        }
    }

    @Test
    void uninitialisedReads() {
        finds("uninitialised shared read", 1, 1, ".shared .b32 s[4]; ld.shared.u32 %r, [s];");
        try (PtxRun run = new PtxRun()) {
            long kernel = kernel(run, "ld.global.u32 %r, [%a];");
            long at = run.driver.allocate(64);
            run.run(kernel, 1, 1, at);
            run.assertFinding("uninitialised global read");
            run.device.clear();
            run.readInts(at, 1);
            run.assertFinding("uninitialised global read: by a copy to the host");
        }
    }

    /** Copies on the device carry which bytes were written, both ways: a copy reads nothing. */
    @Test
    void copiesOfUninitialisedBytesAreUninitialised() {
        try (PtxRun run = new PtxRun()) {
            long kernel = kernel(run, "ld.global.u32 %r, [%a];");
            long from = run.allocate(64);
            long to = run.ints(new int[16]);
            run.driver.copyToDevice(from + 5, run.arena.allocate(30), 0);
            run.driver.copyOnDevice(to, from, 64, 0);
            run.driver.synchronize(0);
            run.assertNoFindings();
            for (int word = 0; word < 16; word++) {
                run.run(kernel, 1, 1, to + 4 * word);
                if (word >= 2 && word <= 7) { // written were bytes 5 to 34
                    run.assertNoFindings();
                } else {
                    run.assertFinding("uninitialised global read");
                }
                run.device.clear();
            }
            run.readInts(to, 1);
            run.assertFinding("uninitialised global read: by a copy to the host");
            run.device.clear();
            run.driver.copyOnDevice(to, run.ints(new int[16]), 64, 0);
            run.readInts(to, 16);
            run.assertNoFindings();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1})
    void sharedRaces(long seed) {
        String[] bodies = {
            "st.shared.u32 [s], %t;",
            "setp.lt.u32 %p, %t, 32; @%p st.shared.u32 [s], 1; @!%p ld.shared.u32 %r, [s];"
        };
        for (String body : bodies) {
            try (PtxRun run = new PtxRun()) {
                run.device.seed(seed);
                run.run(kernel(run, ".shared .b32 s[4]; " + body), 1, 64, run.ints(0));
                run.assertFinding("shared race");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1})
    void globalRacesBetweenBlocks(long seed) {
        String[] bodies = {
            "st.global.u32 [%a], %c;", // all write one word
            // each writes its own word and reads both neighbours': some read comes second
            """
            mul.wide.u32 %i, %c, 4; add.s64 %a, %a, %i; add.s64 %a, %a, 4;
            st.global.u32 [%a], %c;
            ld.global.u32 %r, [%a+-4]; ld.global.u32 %r, [%a+4];
            """
        };
        for (String body : bodies) {
            try (PtxRun run = new PtxRun()) {
                run.device.seed(seed);
                run.run(kernel(run, body), 64, 1, run.ints(new int[66]));
                run.assertFinding("global race");
            }
        }
    }

    /** Run twice: what warps read is noted where a kernel has written once. */
    private static List<String> racesOfTwoWarps(long seed, String body) {
        try (PtxRun run = new PtxRun()) {
            run.device.seed(seed);
            long kernel = kernel(run, "add.s64 %i, %a, %i;\n" + body);
            long at = run.ints(new int[64]);
            run.run(kernel, 1, 64, at);
            run.run(kernel, 1, 64, at);
            return run.device.findings();
        }
    }

    private static final String FIRST_WARP = "setp.lt.u32 %p, %t, 32; ";

    @ParameterizedTest
    @ValueSource(longs = {0, 1})
    void globalRacesBetweenWarps(long seed) {
        String[] bodies = {
            "st.global.u32 [%a], %t;",
            FIRST_WARP + "@%p st.global.u32 [%a], 1; @!%p ld.global.u32 %r, [%a];",
            FIRST_WARP + "@%p st.global.u32 [%a], 1; @!%p red.global.add.u32 [%a], 1;",
            FIRST_WARP + "@%p red.global.add.u32 [%a], 1; @!%p ld.global.u32 %r, [%a];",
            // a word of four that others read
            FIRST_WARP
                    + ".reg .b32 %q<4>; @!%p st.global.u32 [%a+12], 1;"
                    + " @%p ld.global.v4.u32 {%q0,%q1,%q2,%q3}, [%a];",
            // before the barrier is not after it
            "bar.sync 0; st.global.u32 [%a], %t; bar.sync 0;"
        };
        for (String body : bodies) {
            List<String> found = racesOfTwoWarps(seed, body);
            assertTrue(
                    found.stream().anyMatch(text -> text.startsWith("global race")),
                    () -> body + found);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1})
    void warpsThatDoNotRace(long seed) {
        String[] bodies = {
            FIRST_WARP + "@%p st.global.u32 [%a], 1; bar.sync 0; @!%p ld.global.u32 %r, [%a];",
            FIRST_WARP + "@!%p ld.global.u32 %r, [%a]; bar.sync 0; @%p st.global.u32 [%a], 1;",
            FIRST_WARP + "@%p st.global.u32 [%a], %t;", // the lanes of one warp
            "red.global.add.u32 [%a], 1;",
            "ld.global.u32 %r, [%i]; add.u32 %r, %r, 1; st.global.u32 [%i], %r;",
            "ld.global.u16 %r, [%i]; st.global.u16 [%i+2], %r;",
            // each reads all and writes nothing, then one writes
            "ld.global.u32 %r, [%a]; bar.sync 0; setp.eq.u32 %p, %t, 63; @%p st.global.u32 [%a], 1;"
        };
        for (String body : bodies) {
            assertEquals(List.of(), racesOfTwoWarps(seed, body), body);
        }
    }

    /** What one launch writes, the next may read. */
    @Test
    void launchesDoNotRace() {
        try (PtxRun run = new PtxRun()) {
            long kernel =
                    kernel(
                            run,
                            "mul.wide.u32 %i, %c, 4; add.s64 %a, %a, %i; st.global.u32 [%a], %c;");
            long reader = kernel(run, "ld.global.u32 %r, [%a+12];");
            long at = run.ints(new int[8]);
            run.launch(kernel, 8, 1, at);
            run.run(reader, 8, 1, at);
            run.assertNoFindings();
        }
    }

    @Test
    void divergentBarriers() {
        fault(LAUNCH_FAILED, "divergent barrier", "setp.eq.u32 %p, %t, 3; @%p bar.sync 0;");
        fault(
                LAUNCH_FAILED,
                "divergent barrier",
                "setp.eq.u32 %p, %t, 3; @%p bra $B; bar.sync 0; $B: bar.sync 0;");
        fault(
                702,
                "deadlock",
                "setp.lt.u32 %p, %t, 32; @%p bra $B; bar.sync 1; $B: bar.sync 0; ret;"
                        .replace(
                                "bar.sync 1; $B: bar.sync 0",
                                "bar.sync 1, 64; $B: bar.sync 0, 64"));
    }

    @Test
    void divergentMatrixInstructions() {
        fault(
                LAUNCH_FAILED,
                "divergent matrix",
                "setp.eq.u32 %p, %t, 3; @%p movmatrix.sync.aligned.m8n8.trans.b16 %r, %t;");
    }

    @Test
    void traps() {
        fault(LAUNCH_FAILED, "trap", "trap;");
    }

    @Test
    void lanesThatAreNotThere() {
        finds("lane mask", 1, 32, "shfl.sync.bfly.b32 %r, %t, 1, 31, 0xffff;");
        finds("lane mask", 1, 32, "setp.lt.u32 %p, %t, 16; @%p vote.sync.ballot.b32 %r, %p, -1;");
        finds("lane mask", 1, 32, "setp.lt.u32 %p, %t, 16; @%p redux.sync.add.u32 %r, %t, -1;");
        finds("lane mask", 1, 32, "setp.lt.u32 %p, %t, 16; @%p match.any.sync.b32 %r, %t, -1;");
        finds("lane mask", 1, 32, "setp.lt.u32 %p, %t, 16; @%p bar.warp.sync -1;");
        finds(
                "inactive lane",
                1,
                32,
                "setp.lt.u32 %p, %t, 16; @%p shfl.sync.bfly.b32 %r, %t, 16, 31, 0xffff;");
    }

    @Test
    void invalidLaunches() {
        try (PtxRun run = new PtxRun()) {
            long kernel = kernel(run, "");
            CudaDriverException refused =
                    assertThrows(CudaDriverException.class, () -> run.launch(kernel, 1, 2048, 0L));
            assertEquals(1, refused.status());
            run.assertFinding("invalid launch");
        }
    }

    private static int call(String function, Object... arguments) {
        try {
            FunctionDescriptor descriptor = FunctionDescriptor.of(ValueLayout.JAVA_INT);
            for (Object argument : arguments) {
                descriptor =
                        descriptor.appendArgumentLayouts(
                                argument instanceof Long
                                        ? ValueLayout.JAVA_LONG
                                        : ValueLayout.ADDRESS);
            }
            MemorySegment symbol =
                    SymbolLookup.libraryLookup("libcuda.so.1", Arena.global())
                            .findOrThrow(function);
            return (int)
                    Linker.nativeLinker()
                            .downcallHandle(symbol, descriptor)
                            .invokeWithArguments(arguments);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void leaks() {
        try (PtxRun run = new PtxRun()) {
            assertEquals(0, run.device.live());
            MemorySegment out = run.arena.allocate(ValueLayout.JAVA_LONG);
            assertEquals(0, call("cuMemAlloc_v2", out, 64L));
            assertEquals(0, call("cuEventCreate", out, 0L));
            assertEquals(2, run.device.live());
            assertEquals(0, call("cuCtxDestroy_v2", 0L));
            run.assertFinding("leak: 1 allocations");
            run.assertFinding("leak: 1 events");
            assertEquals(0, run.device.live());
        }
    }

    @Test
    void unsupportedCallsAreNamed() {
        try (PtxRun run = new PtxRun()) {
            assertEquals(801, call("cuArrayDestroy", 0L));
            run.assertFinding("unsupported driver call: cuArrayDestroy");
        }
    }
}
