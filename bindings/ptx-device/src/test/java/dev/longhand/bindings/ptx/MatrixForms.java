package dev.longhand.bindings.ptx;

import static dev.longhand.bindings.ptx.Type.B32;
import static dev.longhand.bindings.ptx.Type.F32;
import static dev.longhand.bindings.ptx.Type.S32;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * mma and movmatrix. Where an element lives is computed from the fragment pictures of the PTX ISA,
 * element by element; the operands of floats are small whole numbers, so that sums are exact.
 */
final class MatrixForms {
    private static final int M = 16;
    private static final int N = 8;

    private MatrixForms() {}

    static Stream<Form> all() {
        List<Form> forms = new ArrayList<>();
        for (String type : List.of("bf16", "f16")) {
            forms.add(multiply(16, type));
            forms.add(multiply(8, type));
        }
        forms.add(multiply(32, "s8"));
        forms.add(
                Form.warp(
                                "movmatrix.sync.aligned.m8n8.trans.b16 %d0, %s0",
                                List.of(B32),
                                List.of(B32),
                                (s, mask, d) -> {
                                    for (int row = 0; row < 8; row++) {
                                        for (int column = 0; column < 8; column++) {
                                            long element =
                                                    s[0][4 * row + column / 2] >>> 16 * (column % 2)
                                                            & 0xffff;
                                            d[0][4 * column + row / 2] |= element << 16 * (row % 2);
                                        }
                                    }
                                })
                        .whole());
        return forms.stream();
    }

    /** Elements that share a register. */
    private static int packed(String type) {
        return type.equals("s8") ? 4 : 2;
    }

    private static Form multiply(int k, String type) {
        int aRegisters = M * k / 32 / packed(type);
        int bRegisters = N * k / 32 / packed(type);
        boolean whole = type.equals("s8");
        Type sum = whole ? S32 : F32;
        List<Type> sources = new ArrayList<>();
        for (int i = 0; i < aRegisters + bRegisters; i++) {
            sources.add(B32);
        }
        for (int i = 0; i < 4; i++) {
            sources.add(whole ? S32 : B32);
        }
        String statement =
                ("mma.sync.aligned.m16n8k%d.row.col.%2$s.%3$s.%3$s.%2$s"
                                + " {%%d0, %%d1, %%d2, %%d3}, %4$s, %5$s, %6$s")
                        .formatted(
                                k,
                                whole ? "s32" : "f32",
                                type,
                                vector(0, aRegisters),
                                vector(aRegisters, bRegisters),
                                vector(aRegisters + bRegisters, 4));
        String before = whole ? "" : prepare(aRegisters + bRegisters, type);
        return Form.warp(
                        statement,
                        List.of(sum, sum, sum, sum),
                        sources,
                        (s, mask, d) -> product(s, d, k, type, aRegisters, bRegisters))
                .whole()
                .before(before);
    }

    private static String vector(int first, int count) {
        StringBuilder text = new StringBuilder("{");
        for (int i = 0; i < count; i++) {
            text.append(i == 0 ? "" : ", ").append("%s").append(first + i);
        }
        return text + "}";
    }

    /** Turns random bits of the sources into pairs of whole numbers from -8 to 7, and sums. */
    private static String prepare(int pairs, String type) {
        StringBuilder text = new StringBuilder(".reg .f32 %high, %low; ");
        for (int i = 0; i < pairs; i++) {
            text.append("bfe.s32 %%x, %%s%d, 16, 4; cvt.rn.f32.s32 %%high, %%x; ".formatted(i));
            text.append("bfe.s32 %%x, %%s%d, 0, 4; cvt.rn.f32.s32 %%low, %%x; ".formatted(i));
            text.append("cvt.rn.%sx2.f32 %%s%d, %%high, %%low; ".formatted(type, i));
        }
        for (int i = pairs; i < pairs + 4; i++) {
            text.append("bfe.s32 %%x, %%s%1$d, 0, 8; cvt.rn.f32.s32 %%s%1$d, %%x; ".formatted(i));
        }
        return text.toString();
    }

    private static long small(long word, int at, String type) {
        return type.equals("s8") ? (byte) (word >>> 8 * at) : (word >>> 16 * at) << 60 >> 60;
    }

    private static void product(
            long[][] s, long[][] d, int k, String type, int aRegisters, int bRegisters) {
        int packed = packed(type);
        int half = 4 * packed; // columns of a that a row of lanes holds in one register
        for (int row = 0; row < M; row++) {
            for (int column = 0; column < N; column++) {
                int lane = row % 8 * 4 + column / 2;
                int register = row / 8 * 2 + column % 2;
                long sum = s[aRegisters + bRegisters + register][lane];
                sum = type.equals("s8") ? (int) sum : (byte) sum;
                for (int i = 0; i < k; i++) {
                    int aLane = row % 8 * 4 + i % half / packed;
                    int bLane = column * 4 + i % half / packed;
                    long a = s[i / half * 2 + row / 8][aLane];
                    long b = s[aRegisters + i / half][bLane];
                    sum += small(a, i % packed, type) * small(b, i % packed, type);
                }
                d[register][lane] = type.equals("s8") ? S32.fit(sum) : FloatForms.bits((float) sum);
            }
        }
    }
}
