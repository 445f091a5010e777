package dev.longhand.bindings.ptx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Kernels whose traffic can be counted by hand. */
class CountersTest {
    private static final String PROLOGUE =
            """
            .reg .b32 %t, %c, %x, %a, %r<12>;
            .reg .b64 %p, %i;
            .shared .align 16 .b8 pool[8192];
            ld.param.u64 %p, [at];
            mov.u32 %t, %tid.x;
            mov.u32 %c, %ctaid.x;
            mov.u32 %a, pool;
            mov.u32 %r0, 0;
            """;

    private static String counted(int blocks, int threads, String body) {
        try (PtxRun run = new PtxRun()) {
            long kernel = run.kernel(".param .u64 at", PROLOGUE + body + "\nret;");
            run.run(kernel, blocks, threads, run.ints(new int[4096]));
            run.assertNoFindings();
            return run.device.countersJson();
        }
    }

    private static void assertCounter(String json, String name, long wanted) {
        Matcher found = Pattern.compile("\"" + name + "\":(\\d+)").matcher(json);
        assertTrue(found.find(), json);
        assertEquals(wanted, Long.parseLong(found.group(1)), name);
    }

    /** 16 bytes a lane, side by side: 512 bytes a warp are 16 sectors. */
    @Test
    void sectorsOfWideLoads() {
        String json =
                counted(
                        2,
                        64,
                        """
                        mul.wide.u32 %i, %t, 16;
                        add.s64 %p, %p, %i;
                        ld.global.v4.u32 {%r1, %r2, %r3, %r4}, [%p];
                        """);
        assertCounter(json, "launches", 1);
        assertCounter(json, "blocks", 2);
        assertCounter(json, "globalLoadRequests", 4);
        assertCounter(json, "globalLoadSectors", 64);
        assertCounter(json, "globalLoadBytes", 2048);
        assertCounter(json, "uniqueReadSectors", 32); // both blocks read the same
        assertCounter(json, "uniqueWrittenSectors", 0);
    }

    /** 4 bytes a lane, 64 bytes apart: a sector for each. */
    @Test
    void sectorsOfScatteredStores() {
        String json =
                counted(
                        1,
                        32,
                        "mul.wide.u32 %i, %t, 64; add.s64 %p, %p, %i; st.global.u32 [%p], %t;");
        assertCounter(json, "globalStoreRequests", 1);
        assertCounter(json, "globalStoreSectors", 32);
        assertCounter(json, "globalStoreBytes", 128);
        assertCounter(json, "uniqueWrittenSectors", 32);
    }

    private static void wavefronts(int stride, String type, String value, int ideal, int wanted) {
        String json =
                counted(
                        1,
                        32,
                        "mul.lo.u32 %%x, %%t, %d; add.u32 %%a, %%a, %%x; st.shared.%s [%%a], %s;"
                                .formatted(stride, type, value));
        assertCounter(json, "sharedRequests", 1);
        assertCounter(json, "sharedWavefrontsIdeal", ideal);
        assertCounter(json, "sharedWavefronts", wanted);
    }

    @Test
    void bankConflicts() {
        wavefronts(4, "u32", "%t", 1, 1);
        wavefronts(8, "u32", "%t", 1, 2);
        wavefronts(128, "u32", "%t", 1, 32);
        wavefronts(132, "u32", "%t", 1, 1);
        wavefronts(8, "v2.u32", "{%t, %t}", 2, 2);
        wavefronts(32, "v2.u32", "{%t, %t}", 2, 8);
        wavefronts(16, "v4.u32", "{%t, %t, %t, %t}", 4, 4);
        wavefronts(128, "v4.u32", "{%t, %t, %t, %t}", 4, 32);
    }

    @Test
    void barriersMatricesAndAtomics() {
        String json =
                counted(
                        3,
                        64,
                        """
                        mov.u32 %r1, 0; mov.u32 %r2, 0; mov.u32 %r3, 0;
                        bar.sync 0;
                        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%r0,%r1,%r2,%r3},
                          {%r0,%r1,%r2,%r3}, {%r0,%r1}, {%r0,%r1,%r2,%r3};
                        bar.sync 0;
                        red.global.add.u32 [%p], 1;
                        """);
        assertCounter(json, "barriers", 6);
        assertCounter(json, "matrixOperations", 6);
        assertCounter(json, "atomics", 192);
        assertCounter(json, "matrixInstructions", 6);
        assertCounter(json, "divergentBranches", 0);
    }

    @Test
    void divergence() {
        String json =
                counted(
                        1,
                        64,
                        """
                        .reg .pred %q;
                        setp.lt.u32 %q, %t, 40;
                        @%q bra $END;
                        mov.u32 %x, 1;
                        $END:
                        """);
        assertCounter(json, "divergentBranches", 1);
        // 2 warps of 32 threads through 8 + 4 instructions; 24 threads take the move beside it
        assertCounter(json, "threadInstructions", 64 * 7 + 40 + 24);
    }

    @Test
    void countersAddUpUntilCleared() {
        try (PtxRun run = new PtxRun()) {
            long kernel = run.kernel("", "ret;");
            run.run(kernel, 1, 1);
            run.run(kernel, 1, 1);
            assertCounter(run.device.countersJson(), "launches", 2);
            run.device.clear();
            assertEquals("[]", run.device.countersJson());
        }
    }

    @Test
    void copiesAreCountedByTheirBytesEachWay() {
        try (PtxRun run = new PtxRun()) {
            long address = run.ints(1, 2, 3);
            run.driver.copyToHost(run.arena.allocate(8), address, 0);
            run.driver.synchronize(0);
            assertEquals(12, run.device.bytesToDevice());
            assertEquals(8, run.device.bytesToHost());
            run.device.clear();
            assertEquals(0, run.device.bytesToDevice());
            assertEquals(0, run.device.bytesToHost());
        }
    }
}
