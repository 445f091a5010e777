package dev.longhand.bindings.ptx;

import static dev.longhand.bindings.ptx.Type.B16;
import static dev.longhand.bindings.ptx.Type.B32;
import static dev.longhand.bindings.ptx.Type.B64;
import static dev.longhand.bindings.ptx.Type.P;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** mov of every type, its packing, literals, and instructions without an effect here. */
final class MoveForms {
    private static final List<String> WITHOUT_EFFECT =
            List.of(
                    "membar.cta",
                    "membar.gl",
                    "membar.sys",
                    "fence.acq_rel.gpu",
                    "fence.sc.cta",
                    "nanosleep.u32 100",
                    "griddepcontrol.wait",
                    "griddepcontrol.launch_dependents",
                    "prefetch.local.L2 [%in]",
                    "prefetchu.L1 [%in]");

    private final List<Form> forms = new ArrayList<>();

    private MoveForms() {}

    static Stream<Form> all() {
        MoveForms made = new MoveForms();
        made.copies();
        made.literals();
        made.packs();
        made.unpacks();
        for (String statement : WITHOUT_EFFECT) {
            made.forms.add(Form.of(statement, List.of(), List.of(), s -> new long[0]));
        }
        return made.forms.stream();
    }

    private void copies() {
        for (Type type : Type.values()) {
            if (type.name().contains("8")
                    || type.name().contains("X2")
                    || type == Type.SHIFT
                    || type.name().contains("IN")) {
                continue;
            }
            String name = type == P ? "pred" : type.ptx();
            forms.add(Form.of("mov." + name + " %d0, %s0", type, List.of(type), s -> s[0]));
        }
        for (String space : List.of("global", "param", "shared", "local", "const")) {
            String there = "cvta." + space + ".u64 %d0, %s0";
            if (!space.equals("shared") && !space.equals("local")) {
                forms.add(Form.of(there, B64, List.of(B64), s -> s[0]));
                forms.add(Form.of(there.replace("cvta", "cvta.to"), B64, List.of(B64), s -> s[0]));
            }
        }
        forms.add(
                Form.warp(
                        "activemask.b32 %d0",
                        List.of(B32),
                        List.of(),
                        (s, mask, d) -> java.util.Arrays.fill(d[0], mask & 0xffffffffL)));
    }

    private void literal(String type, String text, Type result, long value) {
        forms.add(Form.of("mov.%s %%d0, %s".formatted(type, text), result, List.of(), s -> value));
    }

    private void literals() {
        literal("b32", "0xDEADBEEF", B32, 0xdeadbeefL);
        literal("u32", "4294967295U", B32, 0xffffffffL);
        literal("s32", "-1", B32, 0xffffffffL);
        literal("b32", "0b1101", B32, 13);
        literal("b32", "0777", B32, 511);
        literal("b16", "-2", B16, 0xfffe);
        literal("b64", "-3", B64, -3);
        literal("u64", "18446744073709551615", B64, -1);
        literal("f32", "0f3FC00000", B32, 0x3fc00000);
        literal("f32", "0d3FF8000000000000", B32, 0x3fc00000);
        literal("f64", "0d3FF8000000000000", B64, 0x3ff8000000000000L);
        literal("u32", "WARP_SZ", B32, 32);
    }

    private void packs() {
        forms.add(
                Form.of("mov.b32 %d0, {%s0, %s1}", B32, List.of(B16, B16), s -> s[1] << 16 | s[0]));
        forms.add(
                Form.of("mov.b64 %d0, {%s0, %s1}", B64, List.of(B32, B32), s -> s[1] << 32 | s[0]));
        forms.add(
                Form.of(
                        "mov.b64 %d0, {%s0, %s1, %s2, %s3}",
                        B64,
                        List.of(B16, B16, B16, B16),
                        s -> s[3] << 48 | s[2] << 32 | s[1] << 16 | s[0]));
        forms.add(
                Form.of(
                        "mov.b32 %d0, {%s0, %s1, %s2, %s3}",
                        B32,
                        List.of(B16, B16, B16, B16),
                        s ->
                                (s[3] & 255) << 24
                                        | (s[2] & 255) << 16
                                        | (s[1] & 255) << 8
                                        | s[0] & 255));
    }

    private void unpacks() {
        List<Type> word = List.of(B32);
        List<Type> wide = List.of(B64);
        forms.add(
                Form.of(
                        "mov.b32 {%d0, %d1}, %s0",
                        List.of(B16, B16), word, s -> new long[] {s[0] & 0xffff, s[0] >>> 16}));
        forms.add(
                Form.of(
                        "mov.b32 {_, %d0}, %s0",
                        List.of(B16), word, s -> new long[] {s[0] >>> 16}));
        forms.add(
                Form.of(
                        "mov.b64 {%d0, %d1}, %s0",
                        List.of(B32, B32),
                        wide,
                        s -> new long[] {s[0] & 0xffffffffL, s[0] >>> 32}));
        forms.add(
                Form.of(
                        "mov.b64 {%d0, %d1, %d2, %d3}, %s0",
                        List.of(B16, B16, B16, B16),
                        wide,
                        s -> {
                            long[] parts = new long[4];
                            for (int i = 0; i < 4; i++) {
                                parts[i] = s[0] >>> 16 * i & 0xffff;
                            }
                            return parts;
                        }));
        forms.add(
                Form.of(
                        "mov.b32 {%d0, %d1, %d2, %d3}, %s0",
                        List.of(B16, B16, B16, B16),
                        word,
                        s -> {
                            long[] parts = new long[4];
                            for (int i = 0; i < 4; i++) {
                                parts[i] = s[0] >>> 8 * i & 255;
                            }
                            return parts;
                        }));
    }
}
