package dev.longhand.bindings.ptx;

import static dev.longhand.bindings.ptx.Type.B16;
import static dev.longhand.bindings.ptx.Type.B32;
import static dev.longhand.bindings.ptx.Type.B64;
import static dev.longhand.bindings.ptx.Type.P;
import static dev.longhand.bindings.ptx.Type.S16;
import static dev.longhand.bindings.ptx.Type.S32;
import static dev.longhand.bindings.ptx.Type.S64;
import static dev.longhand.bindings.ptx.Type.SHIFT;
import static dev.longhand.bindings.ptx.Type.U16;
import static dev.longhand.bindings.ptx.Type.U32;
import static dev.longhand.bindings.ptx.Type.U64;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongBinaryOperator;
import java.util.stream.Stream;

/** Logic, shifts and bit fields. */
final class BitForms {
    private static final int[] TABLES = {0, 0x80, 0xe8, 0x96, 0xca, 0x3f, 0xfe, 0x01, 0xff, 0x2a};

    private final List<Form> forms = new ArrayList<>();

    private BitForms() {}

    static Stream<Form> all() {
        BitForms made = new BitForms();
        made.logic();
        made.tables();
        made.shifts();
        made.funnels();
        made.counts();
        made.fields();
        made.permutes();
        return made.forms.stream();
    }

    private void logic() {
        for (Type type : List.of(P, B16, B32, B64)) {
            String name = type == P ? "pred" : type.ptx();
            both("and." + name, type, (a, b) -> a & b);
            both("or." + name, type, (a, b) -> a | b);
            both("xor." + name, type, (a, b) -> a ^ b);
            forms.add(
                    Form.of(
                            "not." + name + " %d0, %s0",
                            type,
                            List.of(type),
                            s -> type.fit(~s[0])));
            if (type != P) {
                forms.add(
                        Form.of(
                                "cnot." + name + " %d0, %s0",
                                type,
                                List.of(type),
                                s -> s[0] == 0 ? 1 : 0));
            }
        }
    }

    private void both(String opcode, Type type, LongBinaryOperator operation) {
        forms.add(
                Form.of(
                        opcode + " %d0, %s0, %s1",
                        type,
                        List.of(type, type),
                        s -> operation.applyAsLong(s[0], s[1])));
    }

    private void tables() {
        for (int table : TABLES) {
            forms.add(
                    Form.of(
                            "lop3.b32 %d0, %s0, %s1, %s2, " + table,
                            B32,
                            List.of(B32, B32, B32),
                            s -> {
                                long result = 0;
                                for (int i = 0; i < 32; i++) {
                                    long row =
                                            (s[0] >> i & 1) << 2
                                                    | (s[1] >> i & 1) << 1
                                                    | s[2] >> i & 1;
                                    result |= (long) (table >> row & 1) << i;
                                }
                                return result;
                            }));
        }
    }

    private void shifts() {
        for (Type type : List.of(B16, B32, B64)) {
            forms.add(
                    Form.of(
                            "shl." + type.ptx() + " %d0, %s0, %s1",
                            type,
                            List.of(type, SHIFT),
                            s -> s[1] >= type.bits ? 0 : type.fit(s[0] << s[1])));
        }
        for (Type type : List.of(B16, B32, B64, U16, U32, U64, S16, S32, S64)) {
            forms.add(
                    Form.of(
                            "shr." + type.ptx() + " %d0, %s0, %s1",
                            type,
                            List.of(type, SHIFT),
                            s -> {
                                int by = (int) Math.min(s[1], 64);
                                BigInteger value = IntegerForms.big(type, s[0]);
                                return type.fit(value.shiftRight(by).longValue());
                            }));
        }
    }

    private void funnels() {
        for (boolean wrap : new boolean[] {true, false}) {
            String mode = wrap ? "wrap" : "clamp";
            forms.add(
                    Form.of(
                            "shf.l.%s.b32 %%d0, %%s0, %%s1, %%s2".formatted(mode),
                            B32,
                            List.of(B32, B32, SHIFT),
                            s -> {
                                int by = (int) (wrap ? s[2] & 31 : Math.min(s[2], 32));
                                return B32.fit(pair(s).shiftLeft(by).shiftRight(32).longValue());
                            }));
            forms.add(
                    Form.of(
                            "shf.r.%s.b32 %%d0, %%s0, %%s1, %%s2".formatted(mode),
                            B32,
                            List.of(B32, B32, SHIFT),
                            s -> {
                                int by = (int) (wrap ? s[2] & 31 : Math.min(s[2], 32));
                                return B32.fit(pair(s).shiftRight(by).longValue());
                            }));
        }
    }

    private static BigInteger pair(long[] s) {
        return IntegerForms.big(B64, s[1] << 32 | s[0]);
    }

    private void counts() {
        for (Type type : List.of(B32, B64)) {
            List<Type> one = List.of(type);
            String rest = "." + type.ptx() + " %d0, %s0";
            forms.add(Form.of("popc" + rest, U32, one, s -> Long.bitCount(s[0])));
            forms.add(
                    Form.of(
                            "clz" + rest,
                            U32,
                            one,
                            s -> Long.numberOfLeadingZeros(s[0]) - (64 - type.bits)));
            forms.add(
                    Form.of(
                            "brev" + rest,
                            type,
                            one,
                            s -> Long.reverse(s[0]) >>> (64 - type.bits)));
        }
        for (Type type : List.of(S32, U32, S64, U64)) {
            for (boolean shift : new boolean[] {false, true}) {
                forms.add(
                        Form.of(
                                "bfind%s.%s %%d0, %%s0"
                                        .formatted(shift ? ".shiftamt" : "", type.ptx()),
                                U32,
                                List.of(type),
                                s -> {
                                    long value = type.value(s[0]);
                                    long found = type.signed && value < 0 ? ~value : value;
                                    int top = 63 - Long.numberOfLeadingZeros(found);
                                    return found == 0
                                            ? 0xffffffffL
                                            : shift ? type.bits - 1 - top : top;
                                }));
            }
        }
    }

    private void fields() {
        for (Type type : List.of(S32, U32, S64, U64)) {
            forms.add(
                    Form.of(
                            "bfe." + type.ptx() + " %d0, %s0, %s1, %s2",
                            type,
                            List.of(type, SHIFT, SHIFT),
                            s -> extracted(type, s[0], (int) s[1] & 255, (int) s[2] & 255)));
        }
        for (Type type : List.of(B32, B64)) {
            forms.add(
                    Form.of(
                            "bfi." + type.ptx() + " %d0, %s0, %s1, %s2, %s3",
                            type,
                            List.of(type, type, SHIFT, SHIFT),
                            s -> {
                                int at = (int) s[2] & 255;
                                BigInteger ones =
                                        BigInteger.ONE
                                                .shiftLeft((int) s[3] & 255)
                                                .subtract(BigInteger.ONE);
                                BigInteger field =
                                        IntegerForms.big(type, s[0]).and(ones).shiftLeft(at);
                                return type.fit(
                                        IntegerForms.big(type, s[1])
                                                .andNot(ones.shiftLeft(at))
                                                .or(field)
                                                .longValue());
                            }));
        }
    }

    /** Beyond the top the sign goes on, and a field of no bits is 0. */
    private static long extracted(Type type, long bits, int at, int length) {
        if (length == 0) {
            return 0;
        }
        BigInteger from = IntegerForms.big(type, bits).shiftRight(at);
        BigInteger size = BigInteger.ONE.shiftLeft(length);
        BigInteger field = from.mod(size);
        boolean negative = type.signed && field.testBit(length - 1);
        return type.fit((negative ? field.subtract(size) : field).longValue());
    }

    private void permutes() {
        forms.add(
                Form.of(
                        "prmt.b32 %d0, %s0, %s1, %s2",
                        B32, List.of(B32, B32, B32), s -> permuted(s[0], s[1], s[2])));
        forms.add(
                Form.of(
                        "prmt.b32 %d0, %s0, %s1, 0x5410",
                        B32, List.of(B32, B32), s -> permuted(s[0], s[1], 0x5410)));
    }

    private static long permuted(long a, long b, long selector) {
        long result = 0;
        for (int i = 0; i < 4; i++) {
            int pick = (int) (selector >> 4 * i & 15);
            long octet = (pick % 8 < 4 ? a >> 8 * (pick % 8) : b >> 8 * (pick % 8 - 4)) & 255;
            octet = pick < 8 ? octet : octet < 128 ? 0 : 255;
            result |= octet << 8 * i;
        }
        return result;
    }
}
