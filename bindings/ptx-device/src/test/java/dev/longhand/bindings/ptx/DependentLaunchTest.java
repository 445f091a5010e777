package dev.longhand.bindings.ptx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.bindings.cuda.CudaDriverException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Launches that may start before the one in front has ended: until {@code griddepcontrol.wait} they
 * touch no global memory, and every thread waits. The device with compute capability 9.0 has them.
 */
class DependentLaunchTest {
    private static final int DEVICE_9_0 = 1;
    private static final int INVALID_PTX = 218;
    private static final String WAIT = "griddepcontrol.wait;";
    private static final String START =
            """
            .reg .pred %p;
            .reg .b32 %t, %r, %s;
            .reg .b64 %a, %i;
            .shared .b32 words[64];
            ld.param.u64 %a, [at];
            mov.u32 %t, %tid.x;
            mul.wide.u32 %i, %t, 4;
            add.s64 %a, %a, %i;
            mov.u32 %s, words;
            mad.lo.u32 %s, %t, 4, %s;
            griddepcontrol.launch_dependents;
            """;

    private static long kernel(PtxRun run, String body) {
        return run.kernel(".param .u64 at", START + body + "\nret;");
    }

    private static void runs(String body, String finding) {
        try (PtxRun run = new PtxRun(DEVICE_9_0)) {
            run.launchOverlapped(0, kernel(run, body), 64, run.ints(new int[64]));
            run.driver.synchronize(0);
            if (finding.isEmpty()) {
                run.assertNoFindings();
            } else {
                run.assertFinding(finding);
                assertTrue(run.device.findings().getFirst().contains("test, PTX line"));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ld.global.u32 %r, [%a];",
                "ld.global.nc.u32 %r, [%a];",
                "ld.u32 %r, [%a];",
                "st.global.u32 [%a], %t;",
                "red.global.add.u32 [%a], 1;",
                "cp.async.ca.shared.global [%s], [%a], 4; cp.async.wait_all;"
            })
    void noAccessComesBeforeTheWait(String access) {
        runs(access + WAIT, "early access");
        runs(WAIT + access, "");
    }

    @Test
    void prefetchesMayComeBefore() {
        runs("prefetch.global.L2 [%a]; " + WAIT, "");
        runs("prefetch.global.L2 [%a+256]; " + WAIT, "out of bounds: a prefetch");
    }

    @Test
    void everyThreadWaits() {
        runs("", "no dependency wait");
        runs("setp.eq.u32 %p, %t, 40; @%p ret; " + WAIT, "no dependency wait");
        runs("setp.ne.u32 %p, %t, 40; @%p " + WAIT + " ld.global.u32 %r, [%a];", "early access");
    }

    /** As on a GPU, where the wait then has nothing to wait for. */
    @Test
    void launchesInOrderNeedNone() {
        try (PtxRun run = new PtxRun(DEVICE_9_0)) {
            run.run(kernel(run, "ld.global.u32 %r, [%a];"), 1, 64, run.ints(new int[64]));
            run.assertNoFindings();
        }
        try (PtxRun run = new PtxRun()) { // of compute capability 8.0
            long kernel = kernel(run, "ld.global.u32 %r, [%a];");
            run.launchOverlapped(0, kernel, 64, run.ints(new int[64]));
            run.driver.synchronize(0);
            run.assertNoFindings();
        }
    }

    @Test
    void graphsKeepThem() {
        try (PtxRun run = new PtxRun(DEVICE_9_0)) {
            long kernel = kernel(run, "ld.global.u32 %r, [%a]; " + WAIT);
            long at = run.ints(new int[64]);
            long stream = run.driver.createStream();
            run.driver.synchronize(0);
            run.driver.beginCapture(stream);
            run.launchOverlapped(stream, kernel, 64, at);
            long graph = run.driver.endCapture(stream);
            run.assertNoFindings();
            run.driver.launchGraph(graph, stream);
            run.driver.synchronize(stream);
            run.assertFinding("early access");
        }
    }

    @Test
    void codeForLaterDevicesIsRefused() {
        String text = ".version 7.8\n.target sm_90\n.address_size 64\n.entry test() { ret; }\n";
        try (PtxRun run = new PtxRun(DEVICE_9_0)) {
            run.driver.loadModule(run.arena.allocateFrom(text));
            run.assertNoFindings();
            assertEquals(9, run.driver.device().computeMajor());
        }
        try (PtxRun run = new PtxRun()) {
            CudaDriverException refused =
                    assertThrows(
                            CudaDriverException.class,
                            () -> run.driver.loadModule(run.arena.allocateFrom(text)));
            assertEquals(INVALID_PTX, refused.status());
        }
    }
}
