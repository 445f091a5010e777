package dev.longhand.bindings.ptx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.bindings.cuda.CudaDriverException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Random;

/** PTX that is wrong in any way is refused with a line, and never ends the process. */
class HostileTextTest {
    private static final int INVALID_PTX = 218;
    private static final int MUTANTS = 4000;
    private static final String VALID =
            """
            .version 7.8
            .target sm_80
            .address_size 64
            .file 1 "some/source.cu"
            .extern .shared .align 16 .b8 dynamic[];
            .visible .entry first(.param .u64 a, .param .align 8 .b8 b[16])
            .maxntid 256, 1, 1
            {
              .reg .pred %p<2>;
              .reg .b32 %r<9>;
              .reg .b64 %rd<4>;
              .reg .f32 %f<3>;
              .shared .align 16 .b8 pool[256];
              .local .align 8 .b8 own[16];
              .loc 1 12 3
              ld.param.u64 %rd0, [a]; // where
              cvta.to.global.u64 %rd1, %rd0;
              mov.u32 %r0, %tid.x;
              setp.lt.and.s32 %p0|%p1, %r0, 5, !%p1;
              @%p0 bra $L_1;
              mov.b64 {%r1, %r2}, %rd1;
              cp.async.cg.shared.global [pool+16], [%rd1], 16, %r0;
              cp.async.wait_group 0;
              { .reg .b32 %inner; mov.b32 %inner, 0x3F; lop3.b32 %r3, %inner, %r1, %r2, 0xE8; }
              mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%r0,%r1,%r2,%r3}, {%r4,%r5,%r6,%r7},
                {%r4,%r5}, {%r0,%r1,%r2,%r3};
              ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%r4,%r5,%r6,%r7}, [pool];
              add.ftz.f32 %f0, %f1, 0f3F800000;
              /* a comment */
              shfl.sync.bfly.b32 %r8|%p0, %r1, 16, 31, -1;
              st.global.v4.u32 [%rd1+16], {%r4,%r5,%r6,%r7};
            $L_1:
              bar.sync 0;
              ret;
            }
            """;

    private static String refused(PtxRun run, byte[] text) {
        MemorySegment image = run.arena.allocate(text.length + 1L);
        MemorySegment.copy(text, 0, image, ValueLayout.JAVA_BYTE, 0, text.length);
        try {
            run.driver.unloadModule(run.driver.loadModule(image));
            return null;
        } catch (CudaDriverException e) {
            assertTrue(e.status() == INVALID_PTX || e.status() == 222, e.getMessage());
            return e.getMessage();
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    @Test
    void theTemplateLoads() {
        try (PtxRun run = new PtxRun()) {
            assertEquals(null, refused(run, bytes(VALID)));
            run.assertNoFindings();
        }
    }

    /** The error names the form, its line and its kernel, in the exception and in the findings. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "frobnicate.b32 %r0, %r1",
                "add.rz.f32 %f0, %f1, %f2",
                "cvt.rz.bf16.f32 %r0, %f0",
                "add.b128 %r0, %r1, %r2",
                "mul.f16x4 %r0, %r1, %r2",
                "ld.global.pred %p0, [%rd1]",
                "ld.const.u32 %r0, [%rd1]",
                "ld.global.v4.u64 {%rd0,%rd1,%rd2,%rd3}, [%rd1]",
                "ld.global.v2.u32 {%r0,%r1,%r2}, [%rd1]",
                "add.ftz.f64 %rd0, %rd1, %rd2",
                "add.sat.u32 %r0, %r1, %r2",
                "add.s32 %rd0, %r1, %r2",
                "add.s32 %r0, %r1",
                "mov.b64 {%r0, %r1, %r2}, %rd1",
                "mov.zzz %r0, %r1",
                "selp.pred %r0, %r1, %r2, %p0",
                "atom.global.and.f32 %r0, [%rd1], %r1",
                "bra nowhere",
                "cvt.rn.sat.f16.f32 %r0, %f0",
                "cp.async.cg.shared.global [pool], [%rd1], 0",
                "cp.async.cg.shared.global [pool], [%rd1], 8",
                "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%r0}, {%r1}, {%r2}, {%r3}",
                "mma.sync.aligned.m16n8k32.row.col.f32.f16.f16.f32 {%r0}, {%r1}, {%r2}, {%r3}",
                "cvt.s32.f32 %r0, %f0",
                "div.approx.f64 %rd0, %rd1, %rd2",
                "wgmma.fence"
            })
    void unknownFormsAreNamed(String form) {
        String body = ".reg .pred %p<2>; .reg .b32 %r<9>; .reg .b64 %rd<4>; .reg .f32 %f<3>;\n";
        try (PtxRun run = new PtxRun()) {
            CudaDriverException refused =
                    assertThrows(
                            CudaDriverException.class,
                            () ->
                                    run.kernel(
                                            "",
                                            ".shared .align 16 .b8 pool[64];\n"
                                                    + body
                                                    + form
                                                    + ";\nret;"));
            String name =
                    form.substring(0, form.indexOf(' ') < 0 ? form.length() : form.indexOf(' '));
            String place = "PTX line 8, test: unknown instruction form " + name;
            assertTrue(refused.getMessage().contains(place), refused.getMessage());
            run.assertFinding("cannot load: " + place);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "\u0000",
                "\u007fELX",
                ".version",
                ".version 99.0\n",
                "/*",
                "// ",
                ".file 1 \"abc",
                ".section x {",
                ".pragma \"",
                ".visible .func f() { ret; }",
                ".global .b32 x;",
                ".shared .align 0 .b8 x[4];",
                ".shared .align 3 .b8 x[4];",
                ".shared .pred x[4];",
                ".shared .b8 x[4294967297];",
                ".shared .b8 x[65536][65536];",
                ".shared .zzz x;",
                ".entry e(.param .pred p) { ret; }",
                ".entry e(.param .align 0 .u64 p) { ret; }",
                ".entry e(.param .b8 p[99999999999]) { ret; }",
                ".entry e { @%p ret; }",
                ".entry e { .reg .b32 %r<4294967295>; ret; }",
                ".entry e { .reg .b32 %r<99999999999999999999>; }",
                ".entry e { .reg .b32 %r; @%r ret; }",
                ".entry e { .reg .b32 %r; mov.b32 %r, 12abc; ret; }",
                ".entry e { .reg .b32 %r; mov.b32 %r, 1.5; ret; }",
                ".entry e { .reg .f32 %f; mov.f32 %f, 0fXYZ; ret; }",
                ".entry e { .reg .b32 %r; mov.b32 %r, 18446744073709551616; ret; }",
                ".entry e {",
                ".entry e",
                ".entry e { .pragma \"x\"",
                ".entry e { .local .b8 l[-1]; ret; }"
            })
    void wrongTexts(String text) {
        try (PtxRun run = new PtxRun()) {
            String error = refused(run, bytes(text));
            boolean empty = text.isEmpty() || text.charAt(0) == 0 || text.startsWith("//");
            assertEquals(empty, error == null, error);
        }
    }

    @Test
    void deepNesting() {
        try (PtxRun run = new PtxRun()) {
            for (String brace : new String[] {"{", "[", "!", "-", "("}) {
                String deep = brace.repeat(200_000);
                String kernel = ".entry e() { .reg .b32 %r; mov.b32 %r, " + deep;
                assertTrue(refused(run, bytes(kernel)) != null);
                assertTrue(refused(run, bytes(".entry e() {" + deep)) != null);
                assertTrue(refused(run, bytes(deep)) != null);
            }
        }
    }

    @Test
    void truncatedTexts() {
        byte[] valid = bytes(VALID);
        int kernel = VALID.indexOf(".entry");
        try (PtxRun run = new PtxRun()) {
            for (int length = kernel + 1; length < VALID.lastIndexOf('}'); length++) {
                assertTrue(refused(run, java.util.Arrays.copyOf(valid, length)) != null);
            }
        }
    }

    @Test
    void mutantsLoadOrAreRefused() {
        Random random = new Random(7);
        byte[] valid = bytes(VALID);
        int loaded = 0;
        try (PtxRun run = new PtxRun()) {
            for (int i = 0; i < MUTANTS; i++) {
                byte[] mutant = mutated(valid, random);
                loaded += refused(run, mutant) == null ? 1 : 0;
                if (i % 100 == 0) {
                    run.device.clear();
                }
            }
        }
        assertTrue(loaded > 0 && loaded < MUTANTS, loaded + " of " + MUTANTS + " loaded");
    }

    private static byte[] mutated(byte[] valid, Random random) {
        byte[] mutant = valid.clone();
        for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
            int at = random.nextInt(mutant.length);
            switch (random.nextInt(4)) {
                case 0 -> mutant[at] = (byte) random.nextInt(256);
                case 1 ->
                        mutant[at] = (byte) "{}[]();,.:|@!%$09x-+\"/*<>".charAt(random.nextInt(25));
                case 2 -> { // a piece over another
                    int length = Math.min(1 + random.nextInt(20), mutant.length - at);
                    int from = random.nextInt(valid.length - length);
                    System.arraycopy(valid, from, mutant, at, length);
                }
                default -> { // a piece is gone
                    int length = Math.min(1 + random.nextInt(20), mutant.length - at);
                    byte[] shorter = new byte[mutant.length - length];
                    System.arraycopy(mutant, 0, shorter, 0, at);
                    System.arraycopy(mutant, at + length, shorter, at, shorter.length - at);
                    mutant = shorter.length == 0 ? mutant : shorter;
                }
            }
        }
        return mutant;
    }
}
