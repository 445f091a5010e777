package dev.longhand.bindings.ptx;

import static dev.longhand.bindings.ptx.Type.B32;
import static dev.longhand.bindings.ptx.Type.P;
import static dev.longhand.bindings.ptx.Type.S16;
import static dev.longhand.bindings.ptx.Type.S32;
import static dev.longhand.bindings.ptx.Type.S64;
import static dev.longhand.bindings.ptx.Type.U16;
import static dev.longhand.bindings.ptx.Type.U32;
import static dev.longhand.bindings.ptx.Type.U64;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.stream.Stream;

/** Integer arithmetic, over numbers without bounds. */
final class IntegerForms {
    private static final List<Type> ALL = List.of(S16, U16, S32, U32, S64, U64);

    private final List<Form> forms = new ArrayList<>();

    private IntegerForms() {}

    static Stream<Form> all() {
        IntegerForms made = new IntegerForms();
        made.sums();
        made.products();
        made.quotients();
        made.saturated();
        made.dotProducts();
        made.immediates();
        return made.forms.stream();
    }

    /** A register as a number. */
    static BigInteger big(Type type, long bits) {
        return type == U64 || type == Type.B64
                ? new BigInteger(Long.toUnsignedString(bits))
                : BigInteger.valueOf(type.value(bits));
    }

    private void binary(String opcode, Type type, BinaryOperator<BigInteger> operation) {
        forms.add(
                Form.of(
                        opcode + "." + type.ptx() + " %d0, %s0, %s1",
                        type,
                        List.of(type, type),
                        s ->
                                type.fit(
                                        operation
                                                .apply(big(type, s[0]), big(type, s[1]))
                                                .longValue())));
    }

    private void sums() {
        for (Type type : ALL) {
            binary("add", type, BigInteger::add);
            binary("sub", type, BigInteger::subtract);
            binary("min", type, BigInteger::min);
            binary("max", type, BigInteger::max);
            if (type.signed) {
                String rest = "." + type.ptx() + " %d0, %s0";
                List<Type> one = List.of(type);
                forms.add(Form.of("neg" + rest, type, one, s -> type.fit(-type.value(s[0]))));
                forms.add(
                        Form.of(
                                "abs" + rest,
                                type,
                                one,
                                s -> type.fit(Math.abs(type.value(s[0])))));
            }
        }
    }

    private void products() {
        for (Type type : ALL) {
            binary("mul.lo", type, BigInteger::multiply);
            binary("mul.hi", type, (a, b) -> a.multiply(b).shiftRight(type.bits));
            multiplyAdd("mad.lo", type, type, 0);
            multiplyAdd("mad.hi", type, type, type.bits);
        }
        for (Type type : List.of(S16, U16, S32, U32)) {
            Type wide = type == S16 ? S32 : type == U16 ? U32 : type == S32 ? S64 : U64;
            forms.add(
                    Form.of(
                            "mul.wide." + type.ptx() + " %d0, %s0, %s1",
                            wide,
                            List.of(type, type),
                            s -> wide.fit(big(type, s[0]).multiply(big(type, s[1])).longValue())));
            multiplyAdd("mad.wide", type, wide, 0);
        }
    }

    private void multiplyAdd(String opcode, Type type, Type sum, int shift) {
        forms.add(
                Form.of(
                        opcode + "." + type.ptx() + " %d0, %s0, %s1, %s2",
                        sum,
                        List.of(type, type, sum),
                        s ->
                                sum.fit(
                                        big(type, s[0])
                                                .multiply(big(type, s[1]))
                                                .shiftRight(shift)
                                                .add(big(sum, s[2]))
                                                .longValue())));
    }

    /** What PTX leaves open, division by zero, is here what the hardware gives. */
    private void quotients() {
        for (Type type : ALL) {
            binary("div", type, (a, b) -> b.signum() == 0 ? BigInteger.ONE.negate() : a.divide(b));
            binary("rem", type, (a, b) -> b.signum() == 0 ? a : a.remainder(b));
        }
    }

    private void saturated() {
        BigInteger most = BigInteger.valueOf(Integer.MAX_VALUE);
        BigInteger least = BigInteger.valueOf(Integer.MIN_VALUE);
        binary("add.sat", S32, (a, b) -> a.add(b).min(most).max(least));
        binary("sub.sat", S32, (a, b) -> a.subtract(b).min(most).max(least));
    }

    private void dotProducts() {
        for (Type a : List.of(S32, U32)) {
            for (Type b : List.of(S32, U32)) {
                forms.add(
                        Form.of(
                                "dp4a.%s.%s %%d0, %%s0, %%s1, %%s2".formatted(a.ptx(), b.ptx()),
                                S32,
                                List.of(B32, B32, S32),
                                s -> {
                                    int sum = (int) s[2];
                                    for (int i = 0; i < 4; i++) {
                                        sum += octet(s[0], i, a == S32) * octet(s[1], i, b == S32);
                                    }
                                    return S32.fit(sum);
                                }));
            }
        }
    }

    private static int octet(long word, int i, boolean signed) {
        byte octet = (byte) (word >>> (8 * i));
        return signed ? octet : Byte.toUnsignedInt(octet);
    }

    private void immediates() {
        List<Type> one = List.of(S32);
        forms.add(Form.of("add.s32 %d0, %s0, -7", S32, one, s -> S32.fit(s[0] - 7)));
        forms.add(
                Form.of(
                        "add.s32 %d0, %s0, 0x7fffffff",
                        S32, one, s -> S32.fit(s[0] - 1 - (1L << 31))));
        forms.add(Form.of("sub.s32 %d0, 0b101, %s0", S32, one, s -> S32.fit(5 - s[0])));
        forms.add(Form.of("add.s32 %d0, %s0, 017U", S32, one, s -> S32.fit(15 + s[0])));
        forms.add(Form.of("add.s64 %d0, %s0, -1", S64, List.of(S64), s -> s[0] - 1));
        forms.add(Form.of("add.s32 %d0, %s0, WARP_SZ", S32, one, s -> S32.fit(s[0] + 32)));
        forms.add(
                Form.of("add.s32 %d0, %s0, %laneid", S32, List.of(S32), s -> 0)
                        .withReference(
                                (s, mask, d) -> {
                                    for (int lane = 0; lane < 32; lane++) {
                                        d[0][lane] = S32.fit(s[0][lane] + lane);
                                    }
                                }));
        forms.add(
                Form.of(
                        "selp.b32 %d0, 3, %s0, %s1",
                        B32, List.of(B32, P), s -> s[1] == 1 ? 3 : s[0]));
    }
}
