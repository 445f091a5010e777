package dev.longhand.bindings.ptx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Arrays;

/** cp.async and ldmatrix: what arrives where, and what is said when it was not waited for. */
class AsyncCopyTest {
    private static final String PARAMETERS = ".param .u64 in, .param .u64 out";
    private static final String PROLOGUE =
            """
            .reg .pred %p;
            .reg .b32 %t, %x, %a, %s, %r<8>;
            .reg .b64 %in, %out, %i, %w;
            .shared .align 16 .b8 pool[4096];
            ld.param.u64 %in, [in];
            ld.param.u64 %out, [out];
            mov.u32 %t, %tid.x;
            mul.wide.u32 %i, %t, 16;
            add.s64 %in, %in, %i;
            add.s64 %out, %out, %i;
            shl.b32 %x, %t, 4;
            mov.u32 %a, pool;
            add.u32 %a, %a, %x;
            """;
    private static final String STORE =
            "ld.shared.v4.u32 {%r0, %r1, %r2, %r3}, [%a];\n"
                    + "st.global.v4.u32 [%out], {%r0, %r1, %r2, %r3};\nret;\n";
    private static final int[] INPUT = new int[256];

    static {
        Arrays.setAll(INPUT, i -> 1000 + i);
    }

    private static int[] run(PtxRun run, String body) {
        long kernel = run.kernel(PARAMETERS, PROLOGUE + body);
        long out = run.ints(new int[INPUT.length]);
        run.run(kernel, 1, 64, run.ints(INPUT), out);
        return run.readInts(out, INPUT.length);
    }

    @ParameterizedTest
    @CsvSource({"ca,4", "ca,8", "ca,16", "cg,16"})
    void everySize(String cache, int size) {
        StringBuilder body = new StringBuilder();
        for (int at = 0; at < 16; at += size) {
            body.append(
                    "cp.async.%s.shared.global.L2::128B [%%a+%d], [%%in+%d], %d;\n"
                            .formatted(cache, at, at, size));
        }
        try (PtxRun run = new PtxRun()) {
            assertArrayEquals(INPUT, run(run, body + "cp.async.wait_all;\n" + STORE));
            run.assertNoFindings();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4, 6, 8, 12, 15, 16})
    void whatIsNotReadIsZero(int bytes) {
        try (PtxRun run = new PtxRun()) {
            int[] got =
                    run(
                            run,
                            "mov.u32 %s, "
                                    + bytes
                                    + ";\n"
                                    + "cp.async.cg.shared.global [%a], [%in], 16, %s;\n"
                                    + "cp.async.commit_group;\ncp.async.wait_group 0;\n"
                                    + STORE);
            int[] wanted = new int[INPUT.length];
            for (int i = 0; i < wanted.length; i++) {
                int kept = Math.clamp(bytes - i % 4 * 4, 0, 4);
                wanted[i] = kept == 0 ? 0 : INPUT[i] & -1 >>> 32 - 8 * kept;
            }
            assertArrayEquals(wanted, got);
            run.assertNoFindings();
        }
    }

    @Test
    void addressesBehindTheBase() {
        try (PtxRun run = new PtxRun()) {
            String body =
                    "add.s64 %in, %in, 16; add.u32 %a, %a, 16;\n"
                            + "cp.async.ca.shared.global [%a+-16], [%in+-16], 16;\n"
                            + "cp.async.wait_all;\nadd.u32 %a, %a, -16;\n";
            assertArrayEquals(INPUT, run(run, body + STORE));
            run.assertNoFindings();
        }
    }

    /** Two groups in flight: the older has arrived when one may stay open. */
    @Test
    void olderGroupsArriveFirst() {
        String issue =
                "cp.async.cg.shared.global [%a], [%in], 16;\n"
                        + "cp.async.commit_group;\n"
                        + "cp.async.cg.shared.global [%a+2048], [%in], 16;\n"
                        + "cp.async.commit_group;\n"
                        + "cp.async.wait_group 1;\n";
        try (PtxRun run = new PtxRun()) {
            assertArrayEquals(INPUT, run(run, issue + STORE));
            run.assertNoFindings();
        }
        try (PtxRun run = new PtxRun()) {
            run(run, issue + "add.u32 %a, %a, 2048;\n" + STORE);
            run.assertFinding("uninitialised shared read");
        }
    }

    @Test
    void aMissingWaitIsFound() {
        try (PtxRun run = new PtxRun()) {
            run(
                    run,
                    "cp.async.cg.shared.global [%a], [%in], 16;\ncp.async.commit_group;\n" + STORE);
            run.assertFinding("uninitialised shared read");
        }
    }

    /** Each warp waits for its own copies, and reads the other's without a barrier. */
    @ParameterizedTest
    @ValueSource(longs = {0, 1})
    void aMissingBarrierIsFound(long seed) {
        String issue = "cp.async.cg.shared.global [%a], [%in], 16;\ncp.async.wait_all;\n";
        String other = "xor.b32 %a, %a, 512;\n";
        try (PtxRun run = new PtxRun()) {
            run.device.seed(seed);
            run(run, issue + "bar.sync 0;\n" + other + STORE);
            run.assertNoFindings();
            run(run, issue + other + STORE);
            run.assertFinding("shared race");
        }
    }

    @ParameterizedTest
    @CsvSource({"1,false", "2,false", "4,false", "1,true", "2,true", "4,true"})
    void loadMatrix(int count, boolean transposed) {
        String results = count == 1 ? "{%r0}" : count == 2 ? "{%r0, %r1}" : "{%r0, %r1, %r2, %r3}";
        String body =
                "mov.u32 %r1, 0; mov.u32 %r2, 0; mov.u32 %r3, 0;\n"
                        + "ld.global.v4.u32 {%r4, %r5, %r6, %r7}, [%in];\n"
                        + "st.shared.v4.u32 [%a], {%r4, %r5, %r6, %r7};\nbar.sync 0;\n"
                        + "and.b32 %x, %t, 31; shl.b32 %x, %x, 4; mov.u32 %a, pool;\n"
                        + "add.u32 %a, %a, %x;\n"
                        + "ldmatrix.sync.aligned.m8n8.x%d%s.shared.b16 %s, [%%a];\n"
                                .formatted(count, transposed ? ".trans" : "", results)
                        + "st.global.v4.u32 [%out], {%r0, %r1, %r2, %r3};\nret;\n";
        try (PtxRun run = new PtxRun()) {
            int[] got = run(run, body);
            int[] wanted = new int[INPUT.length];
            for (int i = 0; i < wanted.length; i++) {
                int lane = i / 4 % 32;
                int matrix = i % 4;
                wanted[i] = matrix < count ? pair(matrix, lane, transposed) : 0;
            }
            assertArrayEquals(wanted, got);
            run.assertNoFindings();
        }
    }

    private static int pair(int matrix, int lane, boolean transposed) {
        int row = lane / 4;
        int column = lane % 4 * 2;
        int low = transposed ? element(matrix, column, row) : element(matrix, row, column);
        int high = transposed ? element(matrix, column + 1, row) : element(matrix, row, column + 1);
        return high << 16 | low;
    }

    private static int element(int matrix, int row, int column) {
        return INPUT[matrix * 32 + row * 4 + column / 2] >>> 16 * (column % 2) & 0xffff;
    }
}
