package dev.longhand.bindings.ptx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.LongBinaryOperator;
import java.util.stream.Stream;

/** Loads and stores of every width, vector and space; parameters; atomics. */
class MemoryFormTest {
    private static PtxRun run;

    @BeforeAll
    static void open() {
        run = new PtxRun();
    }

    @AfterAll
    static void close() {
        if (run != null) {
            run.close();
        }
    }

    private static final String PARAMETERS =
            ".param .u64 in, .param .u64 out, .param .u64 scratch, .param .u64 guard";
    private static final int THREADS = 64;

    @TestFactory
    Stream<DynamicTest> loadsAndStores() {
        return MemoryForms.all().stream()
                .map(form -> DynamicTest.dynamicTest(form.toString(), () -> check(form)));
    }

    private static void check(MemoryForms form) {
        Random random = new Random(form.hashCode());
        long[] in = random.longs(THREADS * 4).toArray();
        long[] old = random.longs(THREADS * 4).toArray();
        int[] guard = random.ints(THREADS, 0, 2).toArray();
        for (boolean guarded : new boolean[] {false, true}) {
            run.reset();
            long kernel = run.kernel(PARAMETERS, form.kernel(guarded ? "@%g " : ""));
            long out = run.longs(old);
            long scratch = run.allocate(THREADS * 16);
            run.run(kernel, 1, THREADS, run.longs(in), out, scratch, run.ints(guard));
            long[] got = run.readLongs(out, old.length);
            for (int t = 0; t < THREADS; t++) {
                for (int e = 0; e < form.count(); e++) {
                    int at = 4 * t + e;
                    boolean ran = !guarded || guard[t] == 1;
                    long wanted = ran ? form.through(in[at]) : form.fit(old[at]);
                    assertEquals(wanted, form.fit(got[at]), "thread %d".formatted(t));
                }
            }
            run.assertNoFindings();
        }
    }

    @Test
    void parametersOfEverySize() {
        run.reset();
        long kernel =
                run.kernel(
                        ".param .u64 out, .param .u8 a, .param .u16 b, .param .f32 c,"
                                + " .param .align 16 .b8 d[32]",
                        """
                        .reg .b64 %o, %w;
                        .reg .b32 %r<8>;
                        .reg .b16 %s;
                        ld.param.u64 %o, [out];
                        ld.param.s8 %r0, [a];
                        ld.param.u16 %s, [b];
                        cvt.u32.u16 %r1, %s;
                        ld.param.f32 %r2, [c];
                        ld.param.v2.u32 {%r3, %r4}, [d+8];
                        ld.param.u64 %w, [d+16];
                        mov.b64 {%r5, %r6}, %w;
                        st.global.v4.u32 [%o], {%r0, %r1, %r2, %r3};
                        st.global.u32 [%o+16], %r4;
                        st.global.v2.u32 [%o+24], {%r5, %r6};
                        ret;
                        """);
        long out = run.ints(new int[8]);
        var block = run.parameters(out, -2, 0x12345, 7, 0);
        var last =
                run.arena.allocateFrom(
                        java.lang.foreign.ValueLayout.JAVA_INT, 1, 2, 3, 4, 5, 6, 7, 8);
        block.setAtIndex(java.lang.foreign.ValueLayout.ADDRESS, 4, last);
        var one = new dev.longhand.bindings.cuda.CudaDriver.Dim3(1, 1, 1);
        run.driver.launch(kernel, one, one, 0, 0, block);
        assertArrayEquals(new int[] {-2, 0x2345, 7, 3, 4, 0, 5, 6}, run.readInts(out, 8));
    }

    private record Atomic(String operation, String type, LongBinaryOperator update) {}

    private static final List<Atomic> ATOMICS =
            List.of(
                    new Atomic("add", "u32", Long::sum),
                    new Atomic("add", "s32", Long::sum),
                    new Atomic("add", "u64", Long::sum),
                    new Atomic("min", "s32", (a, b) -> Math.min((int) a, (int) b)),
                    new Atomic("max", "s32", (a, b) -> Math.max((int) a, (int) b)),
                    new Atomic("min", "u32", (a, b) -> Math.min(a & 0xffffffffL, b & 0xffffffffL)),
                    new Atomic("max", "u32", (a, b) -> Math.max(a & 0xffffffffL, b & 0xffffffffL)),
                    new Atomic("min", "s64", Math::min),
                    new Atomic("max", "s64", Math::max),
                    new Atomic("min", "u64", (a, b) -> Long.compareUnsigned(a, b) < 0 ? a : b),
                    new Atomic("max", "u64", (a, b) -> Long.compareUnsigned(a, b) > 0 ? a : b),
                    new Atomic("and", "b32", (a, b) -> a & b),
                    new Atomic("or", "b32", (a, b) -> a | b),
                    new Atomic("xor", "b32", (a, b) -> a ^ b),
                    new Atomic("and", "b64", (a, b) -> a & b),
                    new Atomic("or", "b64", (a, b) -> a | b),
                    new Atomic("xor", "b64", (a, b) -> a ^ b),
                    new Atomic("exch", "b32", (a, b) -> b),
                    new Atomic("exch", "b64", (a, b) -> b),
                    new Atomic(
                            "inc",
                            "u32",
                            (a, b) -> Integer.compareUnsigned((int) a, (int) b) >= 0 ? 0 : a + 1),
                    new Atomic(
                            "dec",
                            "u32",
                            (a, b) ->
                                    (int) a == 0 || Integer.compareUnsigned((int) a, (int) b) > 0
                                            ? b
                                            : a - 1),
                    new Atomic(
                            "add",
                            "f32",
                            (a, b) -> FloatForms.bits(FloatForms.f32(a) + FloatForms.f32(b))));

    @TestFactory
    Stream<DynamicTest> atomics() {
        List<String> forms =
                List.of(
                        "atom.global",
                        "atom.shared",
                        "atom",
                        "red.global",
                        "red.shared",
                        "red",
                        "atom.relaxed.gpu.global",
                        "atom.acq_rel.cta.shared",
                        "red.release.gpu.global",
                        "atom.global.gpu");
        return ATOMICS.stream()
                .flatMap(
                        atomic ->
                                forms.stream()
                                        .map(
                                                form ->
                                                        DynamicTest.dynamicTest(
                                                                form
                                                                        + atomic.operation
                                                                        + atomic.type,
                                                                () -> check(form, atomic))));
    }

    /** Lanes update a word of their own pair in turn: lanes 2k and 2k + 1 share one. */
    private static void check(String form, Atomic atomic) {
        if (form.startsWith("red") && atomic.operation.equals("exch")) {
            return; // there is no such form
        }
        boolean returns = form.startsWith("atom");
        int bits = Integer.parseInt(atomic.type.substring(1));
        Random random = new Random(atomic.hashCode());
        long[] words = random.longs(16).map(value -> value & mask(bits)).toArray();
        long[] values = random.longs(32).map(value -> value & mask(bits)).toArray();
        long[] guard = random.longs(32, 0, 2).toArray();
        words[3] = values[6]; // where inc begins again
        words[4] = 0; // and dec
        guard[6] = 1;
        guard[8] = 1;
        run.reset();
        String target = returns ? "%d, " : "";
        String statement =
                "@%%g %s.%s.%s %s[%%a], %%b;"
                        .formatted(form, atomic.operation, atomic.type, target);
        long kernel = run.kernel(PARAMETERS, atomicKernel(form, bits, statement));
        long old = run.longs(new long[32]);
        long at = run.longs(words);
        run.run(kernel, 1, 32, run.longs(values), old, at, run.longs(guard));
        long[] wanted = words.clone();
        long[] before = new long[32];
        for (int lane = 0; lane < 32; lane++) {
            if (guard[lane] == 1) {
                before[lane] = returns ? wanted[lane / 2] : 0;
                wanted[lane / 2] =
                        atomic.update.applyAsLong(wanted[lane / 2], values[lane]) & mask(bits);
            }
        }
        assertArrayEquals(wanted, run.readLongs(at, 16));
        assertArrayEquals(before, run.readLongs(old, 32));
        run.assertNoFindings();
    }

    private static long mask(int bits) {
        return bits == 64 ? -1 : 0xffffffffL;
    }

    /** Words go to shared memory and come back where the form is of shared memory. */
    private static String atomicKernel(String form, int bits, String statement) {
        boolean shared = form.contains("shared");
        return """
        .reg .pred %g;
        .reg .b32 %t, %x;
        .reg .b64 %in, %out, %words, %guard, %i, %a, %w;
        .reg .bBITS %d, %b;
        .shared .align 8 .b8 pool[128];
        ld.param.u64 %in, [in];
        ld.param.u64 %out, [out];
        ld.param.u64 %words, [scratch];
        ld.param.u64 %guard, [guard];
        mov.u32 %t, %tid.x;
        mul.wide.u32 %i, %t, 8;
        add.s64 %in, %in, %i;
        add.s64 %out, %out, %i;
        add.s64 %guard, %guard, %i;
        ld.global.u32 %x, [%guard];
        setp.ne.u32 %g, %x, 0;
        ld.global.bBITS %b, [%in];
        mov.bBITS %d, 0;
        shr.u32 %x, %t, 1;
        mul.wide.u32 %i, %x, 8;
        add.s64 %words, %words, %i;
        """
                        .replace("BITS", Integer.toString(bits))
                + (shared
                        ? """
                        mov.u64 %a, pool;
                        add.s64 %a, %a, %i;
                        ld.global.u64 %w, [%words];
                        st.shared.u64 [%a], %w;
                        bar.warp.sync -1;
                        """
                        : "mov.u64 %a, %words;\n")
                + statement
                + (shared
                        ? "bar.warp.sync -1;\n"
                                + "ld.shared.u64 %w, [%a];\n"
                                + "st.global.u64 [%words], %w;\n"
                        : "\n")
                + "st.global.b"
                + bits
                + " [%out], %d;\nret;\n";
    }

    @Test
    void compareAndSwap() {
        run.reset();
        long kernel =
                run.kernel(
                        ".param .u64 at, .param .u64 out",
                        """
                        .reg .b64 %a, %o, %i, %w;
                        .reg .b32 %t, %d, %n;
                        ld.param.u64 %a, [at];
                        ld.param.u64 %o, [out];
                        mov.u32 %t, %tid.x;
                        add.u32 %n, %t, 1;
                        atom.global.cas.b32 %d, [%a], %t, %n;
                        atom.global.cas.b64 %w, [%a+8], 0, 5;
                        atom.global.exch.b32 _, [%a+16], %t;
                        mul.wide.u32 %i, %t, 4;
                        add.s64 %o, %o, %i;
                        st.global.u32 [%o], %d;
                        ret;
                        """);
        long at = run.ints(0, 0, 0, 0, 0, 0);
        long out = run.ints(new int[32]);
        run.run(kernel, 1, 32, at, out);
        assertArrayEquals(new int[] {32, 0, 5, 0, 31, 0}, run.readInts(at, 6));
        int[] order = new int[32];
        Arrays.setAll(order, i -> i);
        assertArrayEquals(order, run.readInts(out, 32));
        run.assertNoFindings();
    }

    /** Blocks on several cores count together. */
    @Test
    void atomicsOfAllBlocksAdd() {
        run.reset();
        long kernel =
                run.kernel(
                        ".param .u64 at",
                        ".reg .b64 %a; ld.param.u64 %a, [at]; red.global.add.u32 [%a], 1;"
                                + " ret;");
        long at = run.ints(0);
        run.run(kernel, 64, 256, at);
        assertArrayEquals(new int[] {64 * 256}, run.readInts(at, 1));
        run.assertNoFindings();
    }
}
