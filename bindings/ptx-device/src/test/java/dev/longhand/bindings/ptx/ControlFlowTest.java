package dev.longhand.bindings.ptx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Arrays;
import java.util.function.IntUnaryOperator;

/** Branches, loops and early ends by lanes of their own mind, and barriers between warps. */
class ControlFlowTest {
    private static final String PROLOGUE =
            """
            .reg .pred %p, %q;
            .reg .b32 %t, %r, %x, %n;
            .reg .b64 %o, %i;
            ld.param.u64 %o, [out];
            mov.u32 %t, %tid.x;
            mul.wide.u32 %i, %t, 4;
            add.s64 %o, %o, %i;
            """;

    private static void check(String body, int threads, IntUnaryOperator wanted) {
        try (PtxRun run = new PtxRun()) {
            long kernel = run.kernel(".param .u64 out", PROLOGUE + body);
            long out = run.ints(new int[threads]);
            run.run(kernel, 1, threads, out);
            int[] all = new int[threads];
            Arrays.setAll(all, wanted);
            assertArrayEquals(all, run.readInts(out, threads));
            run.assertNoFindings();
        }
    }

    @Test
    void nestedBranches() {
        check(
                """
                and.b32 %x, %t, 3;
                setp.lt.u32 %p, %x, 2;
                @%p bra $LOW;
                setp.eq.u32 %q, %x, 2;
                @%q bra $TWO;
                mov.u32 %r, 30;
                bra.uni $HIGH_END;
                $TWO: mov.u32 %r, 20;
                $HIGH_END: add.s32 %r, %r, 1;
                bra $END;
                $LOW: setp.eq.u32 %q, %x, 0;
                @!%q bra $ONE;
                mov.u32 %r, 5;
                bra $END;
                $ONE: mov.u32 %r, 10;
                $END: activemask.b32 %x;
                popc.b32 %x, %x;
                mad.lo.s32 %r, %x, 100, %r;
                st.global.u32 [%o], %r;
                ret;
                """,
                96, t -> 3200 + new int[] {5, 10, 21, 31}[t % 4]);
    }

    @Test
    void loopsOfDifferentLength() {
        check(
                """
                mov.u32 %n, 0;
                mov.u32 %r, 0;
                $LOOP: setp.ge.u32 %p, %n, %t;
                @%p bra $DONE;
                add.s32 %n, %n, 1;
                add.s32 %r, %r, %n;
                bra $LOOP;
                $DONE: bar.warp.sync -1;
                st.global.u32 [%o], %r;
                ret;
                """,
                64, t -> t * (t + 1) / 2);
    }

    @Test
    void earlyEnds() {
        check(
                """
                and.b32 %x, %t, 1;
                setp.eq.u32 %p, %x, 1;
                @%p exit;
                setp.gt.u32 %p, %t, 20;
                @%p ret;
                activemask.b32 %r;
                popc.b32 %r, %r;
                st.global.u32 [%o], %r;
                ret.uni;
                """,
                32, t -> t % 2 == 0 && t <= 20 ? 11 : 0);
    }

    @Test
    void blocksThatFillNoWarp() {
        check(
                """
                bar.sync 0;
                activemask.b32 %r;
                popc.b32 %r, %r;
                st.global.u32 [%o], %r;
                @%p bra $END;
                $END:
                """,
                40, t -> t < 32 ? 32 : 8);
    }

    /** Each warp writes, all read their neighbour's after the barrier, in any order of warps. */
    @ParameterizedTest
    @ValueSource(longs = {0, 1, 2, 3, 4})
    void barriers(long seed) {
        try (PtxRun run = new PtxRun()) {
            run.device.seed(seed);
            long kernel =
                    run.kernel(
                            ".param .u64 out",
                            PROLOGUE
                                    + """
                                    .shared .align 4 .b8 pool[1024];
                                    .reg .b32 %a;
                                    mov.u32 %a, pool;
                                    mov.u32 %r, %t;
                                    mov.u32 %n, 0;
                                    $LOOP:
                                    shl.b32 %x, %t, 2;
                                    add.u32 %x, %a, %x;
                                    st.shared.u32 [%x], %r;
                                    bar.sync 0;
                                    add.u32 %x, %t, 33;
                                    and.b32 %x, %x, 255;
                                    shl.b32 %x, %x, 2;
                                    add.u32 %x, %a, %x;
                                    ld.shared.u32 %r, [%x];
                                    barrier.cta.sync.aligned 1, 256;
                                    add.u32 %n, %n, 1;
                                    setp.lt.u32 %p, %n, 3;
                                    @%p bra $LOOP;
                                    st.global.u32 [%o], %r;
                                    ret;
                                    """);
            long out = run.ints(new int[256]);
            run.run(kernel, 1, 256, out);
            int[] wanted = new int[256];
            Arrays.setAll(wanted, t -> (t + 99) % 256);
            assertArrayEquals(wanted, run.readInts(out, 256));
            run.assertNoFindings();
        }
    }

    @Test
    void specialRegisters() {
        try (PtxRun run = new PtxRun()) {
            StringBuilder body = new StringBuilder(".reg .b64 %o; .reg .b32 %r, %p, %q, %n;\n");
            body.append("ld.param.u64 %o, [out];\n mov.u32 %r, %laneid; setp.ne.u32 %g, %r, 7;\n");
            body.append("mov.u32 %p, %ctaid.x; setp.ne.or.u32 %g, %p, 1, %g;\n");
            body.append("mov.u32 %q, %tid.z; setp.ne.or.u32 %g, %q, 1, %g;\n @%g ret;\n");
            String[] names = {
                "tid.x",
                "tid.y",
                "tid.z",
                "ntid.x",
                "ntid.y",
                "ntid.z",
                "ctaid.x",
                "ctaid.y",
                "ctaid.z",
                "nctaid.x",
                "nctaid.y",
                "nctaid.z",
                "laneid",
                "warpid",
                "nwarpid",
                "lanemask_eq",
                "lanemask_lt",
                "lanemask_le",
                "lanemask_gt",
                "lanemask_ge",
                "dynamic_smem_size"
            };
            for (int i = 0; i < names.length; i++) {
                body.append(
                        "mov.u32 %%r, %%%s; st.global.u32 [%%o+%d], %%r;\n"
                                .formatted(names[i], 4 * i));
            }
            long kernel = run.kernel(".param .u64 out", ".reg .pred %g;\n" + body + "ret;");
            long out = run.ints(new int[names.length]);
            var grid = new dev.longhand.bindings.cuda.CudaDriver.Dim3(2, 1, 1);
            var block = new dev.longhand.bindings.cuda.CudaDriver.Dim3(4, 8, 2);
            run.driver.launch(kernel, grid, block, 12, 0, run.parameters(out));
            assertArrayEquals(
                    new int[] {
                        3, 1, 1, 4, 8, 2, 1, 0, 0, 2, 1, 1, 7, 1, 2, 128, 127, 255, -256, -128, 12
                    },
                    run.readInts(out, names.length));
        }
    }
}
