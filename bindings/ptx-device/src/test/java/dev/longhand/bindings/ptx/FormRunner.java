package dev.longhand.bindings.ptx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import org.junit.jupiter.api.DynamicTest;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/**
 * Runs a form in a kernel of its own, every thread with operands of its own: once in all lanes,
 * once behind a guard that only some lanes pass; the others have to keep what their registers held.
 */
final class FormRunner {
    private static final int BLOCKS = 4;
    private static final int BLOCK = 256;
    private static final int THREADS = BLOCKS * BLOCK;
    private static final int WARPS = THREADS / 32;

    private FormRunner() {}

    static Stream<DynamicTest> tests(PtxRun run, Stream<Form> forms) {
        return forms.map(form -> DynamicTest.dynamicTest(form.statement(), () -> run(run, form)));
    }

    private static void run(PtxRun run, Form form) {
        run.reset();
        long module = run.load(kernel(form, "plain", "") + kernel(form, "guarded", "@%g "));
        Random random = new Random(form.statement().hashCode());
        long[] sources = sources(form, random);
        long[] old = random.longs((long) form.results().size() * THREADS).toArray();
        for (int i = 0; i < old.length; i++) {
            old[i] = form.results().get(i / THREADS).fit(old[i]);
        }
        int[] masks = random.ints(WARPS).toArray();
        masks[1] = 0;
        masks[2] = 1 << 31;
        check(run, form, module, "plain", sources, old, new int[WARPS]);
        if (form.guarded()) {
            check(run, form, module, "guarded", sources, old, masks);
        }
    }

    private static void check(
            PtxRun run, Form form, long module, String name, long[] sources, long[] old, int[] on) {
        boolean plain = name.equals("plain");
        long[] guard = new long[THREADS];
        for (int t = 0; t < THREADS; t++) {
            guard[t] = on[t / 32] >>> t % 32 & 1;
        }
        long out = run.longs(old.length == 0 ? new long[1] : old);
        long in = run.longs(sources.length == 0 ? new long[1] : sources);
        run.run(run.driver.function(module, name), BLOCKS, BLOCK, in, out, run.longs(guard));
        long[] got = run.readLongs(out, Math.max(1, old.length));
        for (int warp = 0; warp < WARPS; warp++) {
            int mask = plain ? -1 : on[warp];
            long[][] wanted = new long[form.results().size()][32];
            if (mask != 0) {
                form.reference().compute(ofWarp(sources, warp), mask, wanted);
            }
            for (int r = 0; r < wanted.length; r++) {
                for (int lane = 0; lane < 32; lane++) {
                    int at = r * THREADS + warp * 32 + lane;
                    boolean ran = (mask >>> lane & 1) != 0;
                    boolean right =
                            ran ? form.same(r, wanted[r][lane], got[at]) : got[at] == old[at];
                    if (!right) {
                        fail(wrong(form, name, sources, at, ran ? wanted[r][lane] : old[at], got));
                    }
                }
            }
        }
        List<String> findings = new ArrayList<>(run.device.findings());
        findings.removeIf(text -> !plain && text.startsWith("inactive lane"));
        assertEquals(List.of(), findings);
    }

    private static String wrong(
            Form form, String name, long[] sources, int at, long wanted, long[] got) {
        StringBuilder text = new StringBuilder("%s, %s: ".formatted(form.statement(), name));
        for (int i = 0; i < form.sources().size(); i++) {
            text.append("0x%x ".formatted(sources[i * THREADS + at % THREADS]));
        }
        return text + "thread %d gives 0x%x, not 0x%x".formatted(at % THREADS, got[at], wanted);
    }

    private static long[][] ofWarp(long[] all, int warp) {
        long[][] some = new long[all.length / THREADS][32];
        for (int i = 0; i < some.length; i++) {
            System.arraycopy(all, i * THREADS + warp * 32, some[i], 0, 32);
        }
        return some;
    }

    /** Every edge case with every other as far as they fit, then random ones. */
    private static long[] sources(Form form, Random random) {
        int count = form.sources().size();
        long[] values = new long[count * THREADS];
        for (int t = 0; t < THREADS; t++) {
            int rest = t;
            for (int i = 0; i < count; i++) {
                Type type = form.sources().get(i);
                int edges = type.edges();
                boolean tables = t < THREADS * 5 / 8;
                int number = count > 2 ? random.nextInt(3 * edges) : rest % edges;
                values[i * THREADS + t] =
                        type.sample(tables ? number : edges + random.nextInt(100), random);
                rest = count == 1 ? t : rest / edges + (i == 0 ? 0 : t);
                if (count == 1 && t >= edges) {
                    values[t] = type.sample(edges + t, random);
                }
            }
        }
        return values;
    }

    private static String kernel(Form form, String name, String guard) {
        StringBuilder text = new StringBuilder();
        text.append(".visible .entry %s(.param .u64 in, .param .u64 out, ".formatted(name));
        text.append(
                """
                .param .u64 guard)
                {
                    .reg .pred %g;
                    .reg .b32 %t, %c, %n, %x, %m;
                    .reg .b64 %in, %out, %guard, %i;
                """);
        declare(text, form.results(), "%d");
        declare(text, form.sources(), "%s");
        text.append(
                """
                    ld.param.u64 %in, [in];
                    ld.param.u64 %out, [out];
                    ld.param.u64 %guard, [guard];
                    mov.u32 %t, %tid.x;
                    mov.u32 %c, %ctaid.x;
                    mov.u32 %n, %ntid.x;
                    mad.lo.s32 %t, %c, %n, %t;
                    mul.wide.u32 %i, %t, 8;
                    add.s64 %in, %in, %i;
                    add.s64 %out, %out, %i;
                    add.s64 %guard, %guard, %i;
                    ld.global.u32 %x, [%guard];
                    setp.ne.u32 %g, %x, 0;
                    vote.sync.ballot.b32 %m, %g, -1;
                """);
        text.append(guard.isEmpty() ? "    mov.u32 %m, -1;\n" : "");
        load(text, form.sources(), "%s", "%in");
        load(text, form.results(), "%d", "%out");
        text.append("    ").append(form.before()).append("\n    ");
        text.append(guard).append(form.statement()).append(";\n");
        for (int i = 0; i < form.results().size(); i++) {
            Type type = form.results().get(i);
            if (type == Type.P) {
                text.append("    selp.u32 %%x, 1, 0, %%d%d;\n".formatted(i));
            }
            text.append(
                    "    st.global.b%d [%%out+%d], %s;\n"
                            .formatted(
                                    type == Type.P ? 32 : 8 * type.bytes,
                                    8 * THREADS * i,
                                    type == Type.P ? "%x" : "%d" + i));
        }
        return text + "    ret;\n}\n";
    }

    private static void declare(StringBuilder text, List<Type> types, String name) {
        for (int i = 0; i < types.size(); i++) {
            text.append("    .reg %s %s%d;\n".formatted(types.get(i).register(), name, i));
        }
    }

    private static void load(StringBuilder text, List<Type> types, String name, String from) {
        for (int i = 0; i < types.size(); i++) {
            Type type = types.get(i);
            int at = 8 * THREADS * i;
            if (type == Type.P) {
                text.append("    ld.global.u32 %%x, [%s+%d];\n".formatted(from, at));
                text.append("    setp.ne.u32 %s%d, %%x, 0;\n".formatted(name, i));
            } else {
                text.append(
                        "    ld.global.b%d %s%d, [%s+%d];\n"
                                .formatted(8 * type.bytes, name, i, from, at));
            }
        }
    }
}
