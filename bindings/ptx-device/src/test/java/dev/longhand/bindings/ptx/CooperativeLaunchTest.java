package dev.longhand.bindings.ptx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Blocks that wait for each other: all of a cooperative grid run in turns, what they tell each
 * other is checked, and a grid that does not fit or gets stuck ends in an error, never in a hang.
 */
class CooperativeLaunchTest {
    private static final int LAUNCH_TIMEOUT = 702;
    private static final int LAUNCH_FAILED = 719;
    private static final int TOO_LARGE = 720;
    private static final int MULTIPROCESSORS = 4;

    /** What every kernel here begins with: %n blocks, this one %c; %a words, then a counter. */
    private static final String BEGIN =
            """
            .reg .pred %p, %q;
            .reg .b32 %t, %c, %n, %x, %y, %z;
            .reg .b64 %a, %mine, %next, %count;
            ld.param.u64 %a, [at];
            ld.param.u64 %count, [count];
            mov.u32 %t, %tid.x;
            mov.u32 %c, %ctaid.x;
            mov.u32 %n, %nctaid.x;
            add.s32 %x, %c, 1;
            mul.wide.u32 %mine, %c, 4;
            add.s64 %mine, %a, %mine;
            rem.u32 %y, %x, %n;
            mul.wide.u32 %next, %y, 4;
            add.s64 %next, %a, %next;
            setp.eq.u32 %p, %t, 0;
            """;

    /** Each block writes its word, the grid waits, each adds its neighbour's to a second row. */
    private static final String EXCHANGE =
            """
            @%p st.global.u32 [%mine], %x;
            WAIT
            @!%p bra $END;
            ld.global.u32 %y, [%next];
            mul.wide.u32 %next, %n, 4;
            add.s64 %mine, %mine, %next;
            st.global.u32 [%mine], %y;
            $END: ret;
            """;

    /** By hand: a counter, a thread that spins on it, and fences. */
    private static final String FENCES =
            """
            bar.sync 0;
            @!%p bra $WAITED;
            membar.gl;
            red.global.add.u32 [%count], 1;
            $SPIN: ld.volatile.global.u32 %z, [%count];
            setp.lt.u32 %q, %z, %n;
            @%q bra $SPIN;
            membar.gl;
            $WAITED: bar.sync 0;
            """;

    /** The same with orders in the place of fences. */
    private static final String ORDERS =
            FENCES.replace("membar.gl;\n", "")
                    .replace("red.global", "red.release.gpu.global")
                    .replace("ld.volatile.global", "ld.acquire.gpu.global");

    /** What nvcc 13.0 makes of {@code cooperative_groups::this_grid().sync()}. */
    private static final String COOPERATIVE_GROUPS =
            """
            .reg .b64 %hi, %lo, %space;
            .reg .b32 %old, %add;
            mov.u32 %z, %envreg2;
            cvt.u64.u32 %lo, %z;
            mov.u32 %z, %envreg1;
            cvt.u64.u32 %hi, %z;
            bfi.b64 %space, %hi, %lo, 32, 32;
            setp.ne.s64 %q, %space, 0;
            @%q bra $IN_GRID;
            trap;
            $IN_GRID: barrier.sync 0;
            @!%p bra $WAITED;
            add.s64 %space, %space, 4;
            setp.eq.u32 %q, %c, 0;
            mov.u32 %add, -2147483647;
            sub.s32 %add, %add, %n;
            selp.b32 %add, %add, 1, %q;
            atom.add.release.gpu.u32 %old,[%space],%add;
            $SPIN: ld.acquire.gpu.u32 %z,[%space];
            xor.b32 %z, %z, %old;
            setp.gt.s32 %q, %z, -1;
            @%q bra $SPIN;
            $WAITED: barrier.sync 0;
            """;

    private static long kernel(PtxRun run, String body) {
        return run.kernel(".param .u64 at, .param .u64 count", BEGIN + body);
    }

    private static long exchange(PtxRun run, String wait) {
        return kernel(run, EXCHANGE.replace("WAIT", wait));
    }

    private static int call(String name, FunctionDescriptor descriptor, Object... arguments) {
        try (Arena arena = Arena.ofConfined()) {
            return (int)
                    Linker.nativeLinker()
                            .downcallHandle(
                                    SymbolLookup.libraryLookup("libcuda.so.1", arena)
                                            .findOrThrow(name),
                                    descriptor)
                            .invokeWithArguments(arguments);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private static int launch(
            long function, int blocks, int threads, int shared, MemorySegment parameters) {
        MemoryLayout[] arguments = new MemoryLayout[10];
        Arrays.fill(arguments, ValueLayout.JAVA_INT);
        arguments[0] = ValueLayout.JAVA_LONG;
        arguments[8] = ValueLayout.JAVA_LONG;
        arguments[9] = ValueLayout.ADDRESS;
        return call(
                "cuLaunchCooperativeKernel",
                FunctionDescriptor.of(ValueLayout.JAVA_INT, arguments),
                function,
                blocks,
                1,
                1,
                threads,
                1,
                1,
                shared,
                0L,
                parameters);
    }

    /** By cuLaunchKernelEx with CU_LAUNCH_ATTRIBUTE_COOPERATIVE. */
    private static int launchWithAttribute(
            PtxRun run, long function, int blocks, int threads, MemorySegment parameters) {
        MemorySegment attribute = run.arena.allocate(72, 8);
        attribute.set(ValueLayout.JAVA_INT, 0, 2);
        attribute.set(ValueLayout.JAVA_INT, 8, 1);
        MemorySegment config = run.arena.allocate(56, 8);
        int[] sizes = {blocks, 1, 1, threads, 1, 1, 0};
        MemorySegment.copy(sizes, 0, config, ValueLayout.JAVA_INT, 0, sizes.length);
        config.set(ValueLayout.ADDRESS, 40, attribute);
        config.set(ValueLayout.JAVA_INT, 48, 1);
        return call(
                "cuLaunchKernelEx",
                FunctionDescriptor.of(
                        ValueLayout.JAVA_INT,
                        ValueLayout.ADDRESS,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.ADDRESS,
                        ValueLayout.ADDRESS),
                config,
                function,
                parameters,
                MemorySegment.NULL);
    }

    private static void assertExchanged(PtxRun run, long at, int blocks) {
        int[] expected =
                IntStream.range(0, 2 * blocks)
                        .map(i -> i < blocks ? i + 1 : (i + 1 - blocks) % blocks + 1)
                        .toArray();
        assertArrayEquals(expected, run.readInts(at, 2 * blocks));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 2, 3, 4})
    void blocksWaitForEachOther(long seed) {
        for (String wait : new String[] {FENCES, ORDERS, COOPERATIVE_GROUPS}) {
            for (int blocks : new int[] {1, 2, 13, 64}) {
                try (PtxRun run = new PtxRun()) {
                    run.device.seed(seed);
                    long kernel = exchange(run, wait);
                    long at = run.ints(new int[2 * blocks]);
                    MemorySegment parameters = run.parameters(at, run.ints(0));
                    assertEquals(0, launch(kernel, blocks, 64, 0, parameters));
                    assertExchanged(run, at, blocks);
                    run.assertNoFindings();
                }
            }
        }
    }

    @Test
    void theAttributeOfALaunchMeansTheSame() {
        try (PtxRun run = new PtxRun()) {
            long kernel = exchange(run, COOPERATIVE_GROUPS);
            long at = run.ints(new int[26]);
            MemorySegment parameters = run.parameters(at, run.ints(0));
            assertEquals(0, launchWithAttribute(run, kernel, 13, 64, parameters));
            assertExchanged(run, at, 13);
            run.assertNoFindings();
            assertEquals(TOO_LARGE, launchWithAttribute(run, kernel, 129, 64, parameters));
        }
    }

    /** Every wait is needed: without either fence or either order what follows it is a race. */
    @ParameterizedTest
    @ValueSource(longs = {0, 1, 7})
    void aMissingFenceIsARace(long seed) {
        int second = FENCES.lastIndexOf("membar.gl;\n");
        String[] waits = {
            FENCES.replaceFirst("membar.gl;\n", ""),
            FENCES.substring(0, second) + FENCES.substring(second + "membar.gl;\n".length()),
            FENCES.replace("membar.gl", "membar.cta"),
            ORDERS.replace("red.release", "red.relaxed"),
            ORDERS.replace("ld.acquire", "ld.relaxed"),
            ORDERS.replace(".gpu", ".cta"),
            ""
        };
        for (String wait : waits) {
            try (PtxRun run = new PtxRun()) {
                run.device.seed(seed);
                long kernel = exchange(run, wait);
                MemorySegment parameters = run.parameters(run.ints(new int[8]), run.ints(0));
                assertEquals(0, launch(kernel, 4, 64, 0, parameters));
                run.driver.synchronize(0);
                run.assertFinding("global race");
            }
        }
    }

    @Test
    void anOrdinaryGridHasNothingToWaitWith() {
        try (PtxRun run = new PtxRun()) {
            long kernel = exchange(run, COOPERATIVE_GROUPS);
            long at = run.ints(new int[8]);
            long count = run.ints(0);
            run.assertFault(LAUNCH_FAILED, "trap", () -> run.run(kernel, 4, 64, at, count));
        }
    }

    /** More blocks than the device runs at once: the first ones would wait for ever. */
    @Test
    void spinningInAnOrdinaryGridIsFound() {
        try (PtxRun run = new PtxRun()) {
            long kernel = exchange(run, FENCES);
            long at = run.ints(new int[2 * 4096]);
            long count = run.ints(0);
            run.assertFault(
                    LAUNCH_TIMEOUT, "no progress", () -> run.run(kernel, 4096, 64, at, count));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 5})
    void aGridThatGetsStuckIsFound(long seed) {
        try (PtxRun run = new PtxRun()) {
            run.device.seed(seed);
            long kernel = exchange(run, FENCES.replace("%z, %n;", "%z, 5;")); // nobody is the fifth
            MemorySegment parameters = run.parameters(run.ints(new int[8]), run.ints(0));
            assertEquals(0, launch(kernel, 4, 64, 0, parameters));
            run.assertFault(LAUNCH_TIMEOUT, "no progress", () -> run.driver.synchronize(0));
        }
    }

    /** The other blocks spin meanwhile, which is no reason to give up. */
    @Test
    void aSlowBlockIsWaitedFor() {
        try (PtxRun run = new PtxRun()) {
            String slow =
                    """
                    setp.ne.u32 %q, %c, 0;
                    @%q bra $GO;
                    mov.u32 %z, 100000;
                    $LOOP: sub.u32 %z, %z, 1;
                    setp.ne.u32 %q, %z, 0;
                    @%q bra $LOOP;
                    $GO:
                    """;
            long kernel = kernel(run, slow + EXCHANGE.replace("WAIT", ORDERS));
            long at = run.ints(new int[8]);
            MemorySegment parameters = run.parameters(at, run.ints(0));
            assertEquals(0, launch(kernel, 4, 64, 0, parameters));
            assertExchanged(run, at, 4);
            run.assertNoFindings();
        }
    }

    /** 2,048 threads, 32 blocks and 164 KiB less 1 KiB a block, on each of four multiprocessors. */
    @Test
    void aGridHasToBeResident() {
        int[][] cases = { // threads, shared bytes, blocks on a multiprocessor
            {32, 0, 32},
            {96, 0, 21},
            {512, 0, 4},
            {700, 0, 2},
            {1024, 0, 2},
            {32, 100 * 1024, 1},
            {32, 40 * 1024, 4}
        };
        for (int[] one : cases) {
            try (PtxRun run = new PtxRun()) {
                long kernel = kernel(run, "ret;");
                run.driver.setSharedMemoryMax(kernel, 163 * 1024);
                MemorySegment out = run.arena.allocate(ValueLayout.JAVA_INT);
                int status =
                        call(
                                "cuOccupancyMaxActiveBlocksPerMultiprocessor",
                                FunctionDescriptor.of(
                                        ValueLayout.JAVA_INT,
                                        ValueLayout.ADDRESS,
                                        ValueLayout.JAVA_LONG,
                                        ValueLayout.JAVA_INT,
                                        ValueLayout.JAVA_LONG),
                                out,
                                kernel,
                                one[0],
                                (long) one[1]);
                assertEquals(0, status);
                assertEquals(one[2], out.get(ValueLayout.JAVA_INT, 0));
                int most = one[2] * MULTIPROCESSORS;
                MemorySegment parameters = run.parameters(0, 0);
                assertEquals(0, launch(kernel, most, one[0], one[1], parameters));
                assertEquals(TOO_LARGE, launch(kernel, most + 1, one[0], one[1], parameters));
                run.driver.synchronize(0); // refused, not failed: the context lives
                run.assertNoFindings();
            }
        }
    }
}
