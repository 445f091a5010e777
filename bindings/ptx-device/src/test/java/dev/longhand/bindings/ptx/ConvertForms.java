package dev.longhand.bindings.ptx;

import static dev.longhand.bindings.ptx.Type.F32;
import static dev.longhand.bindings.ptx.Type.F64;
import static dev.longhand.bindings.ptx.Type.S16;
import static dev.longhand.bindings.ptx.Type.S32;
import static dev.longhand.bindings.ptx.Type.S64;
import static dev.longhand.bindings.ptx.Type.S8;
import static dev.longhand.bindings.ptx.Type.U16;
import static dev.longhand.bindings.ptx.Type.U32;
import static dev.longhand.bindings.ptx.Type.U64;
import static dev.longhand.bindings.ptx.Type.U8;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** cvt between all numbers but the small floats, which are in {@link SmallFloatForms}. */
final class ConvertForms {
    private static final List<Type> INTEGERS = List.of(S8, U8, S16, U16, S32, U32, S64, U64);
    private static final Map<String, RoundingMode> MODES =
            Map.of(
                    "rni", RoundingMode.HALF_EVEN,
                    "rzi", RoundingMode.DOWN,
                    "rmi", RoundingMode.FLOOR,
                    "rpi", RoundingMode.CEILING);

    private final List<Form> forms = new ArrayList<>();

    private ConvertForms() {}

    static Stream<Form> all() {
        ConvertForms made = new ConvertForms();
        for (Type from : INTEGERS) {
            for (Type to : INTEGERS) {
                made.integers(from, to);
            }
            made.toReal(from);
            made.fromReal(from);
        }
        made.widened();
        made.realToReal();
        made.integral(F32);
        made.integral(F64);
        return made.forms.stream();
    }

    private void add(String statement, Type to, Type from, Form.Lane lane) {
        forms.add(Form.of("cvt." + statement + " %d0, %s0", to, List.of(from), lane));
    }

    private static long clamped(Type type, BigInteger value) {
        BigInteger size = BigInteger.ONE.shiftLeft(type.signed ? type.bits - 1 : type.bits);
        BigInteger least = type.signed ? size.negate() : BigInteger.ZERO;
        return type.fit(value.max(least).min(size.subtract(BigInteger.ONE)).longValue());
    }

    private void integers(Type from, Type to) {
        String types = to.ptx() + "." + from.ptx();
        add(types, to, from, s -> to.fit(from.value(s[0])));
        add("sat." + types, to, from, s -> clamped(to, IntegerForms.big(from, s[0])));
    }

    /** Into a register wider than the type: extended. */
    private void widened() {
        add("s8.s32", Type.S8_IN_32, S32, s -> Type.S8_IN_32.fit(s[0]));
        add("s16.s32", Type.S16_IN_32, S32, s -> Type.S16_IN_32.fit(s[0]));
        add("s32.s8", S32, Type.B32, s -> S32.fit((byte) s[0]));
        add("u32.u8", U32, Type.B32, s -> s[0] & 255);
        add("s32.s16", S32, Type.B32, s -> S32.fit((short) s[0]));
    }

    private void toReal(Type from) {
        add(
                "rn.f32." + from.ptx(),
                F32,
                from,
                s -> {
                    BigDecimal exact = new BigDecimal(IntegerForms.big(from, s[0]));
                    return exact.signum() == 0
                            ? 0
                            : FloatForms.bits(
                                    (float) Rounding.F32.round(exact, RoundingMode.HALF_EVEN));
                });
        add(
                "rn.f64." + from.ptx(),
                F64,
                from,
                s -> {
                    BigDecimal exact = new BigDecimal(IntegerForms.big(from, s[0]));
                    Rounding f64 = new Rounding(53, -1022, 1023);
                    return exact.signum() == 0
                            ? 0
                            : FloatForms.bits(f64.round(exact, RoundingMode.HALF_EVEN));
                });
    }

    private void fromReal(Type to) {
        MODES.forEach(
                (name, mode) -> {
                    String types = "." + to.ptx() + ".f32";
                    add(name + types, to, F32, s -> whole(to, FloatForms.f32(s[0]), mode));
                    add(
                            name + ".ftz" + types,
                            to,
                            F32,
                            s -> whole(to, FloatForms.flush(FloatForms.f32(s[0])), mode));
                    add(
                            name + "." + to.ptx() + ".f64",
                            to,
                            F64,
                            s -> whole(to, FloatForms.f64(s[0]), mode));
                });
        add(
                "rzi.sat.%s.f32".formatted(to.ptx()),
                to,
                F32,
                s -> whole(to, FloatForms.f32(s[0]), RoundingMode.DOWN));
    }

    private static long whole(Type to, double value, RoundingMode mode) {
        if (Double.isNaN(value)) {
            return 0;
        }
        double finite = Math.max(-0x1p100, Math.min(0x1p100, value));
        return clamped(to, new BigDecimal(finite).setScale(0, mode).toBigInteger());
    }

    private void realToReal() {
        add("f64.f32", F64, F32, s -> FloatForms.bits((double) FloatForms.f32(s[0])));
        add(
                "ftz.f64.f32",
                F64,
                F32,
                s -> FloatForms.bits((double) FloatForms.flush(FloatForms.f32(s[0]))));
        add("rn.f32.f64", F32, F64, s -> FloatForms.bits((float) FloatForms.f64(s[0])));
        add(
                "rn.ftz.f32.f64",
                F32,
                F64,
                s -> FloatForms.bits(FloatForms.flush((float) FloatForms.f64(s[0]))));
        add("f32.f32", F32, F32, s -> s[0]);
        add("ftz.f32.f32", F32, F32, s -> FloatForms.bits(FloatForms.flush(FloatForms.f32(s[0]))));
        add(
                "sat.f32.f32",
                F32,
                F32,
                s -> FloatForms.bits(FloatForms.saturate(FloatForms.f32(s[0]))));
        add(
                "ftz.sat.f32.f32",
                F32,
                F32,
                s -> FloatForms.bits(FloatForms.saturate(FloatForms.flush(FloatForms.f32(s[0])))));
    }

    /** To an integer that stays a float; the sign of zero stays too. */
    private void integral(Type type) {
        MODES.forEach(
                (name, mode) -> {
                    String types = "." + type.ptx() + "." + type.ptx();
                    add(name + types, type, type, s -> integral(type, s[0], mode, false));
                    if (type == F32) {
                        add(
                                name + ".ftz" + types,
                                type,
                                type,
                                s -> integral(type, s[0], mode, true));
                        add(
                                name + ".sat" + types,
                                type,
                                type,
                                s ->
                                        FloatForms.bits(
                                                FloatForms.saturate(
                                                        FloatForms.f32(
                                                                integral(
                                                                        type, s[0], mode,
                                                                        false)))));
                    }
                });
    }

    private static long integral(Type type, long bits, RoundingMode mode, boolean ftz) {
        float narrow = FloatForms.f32(bits);
        double value = type == F64 ? FloatForms.f64(bits) : ftz ? FloatForms.flush(narrow) : narrow;
        double rounded =
                switch (mode) {
                    case HALF_EVEN -> Math.rint(value);
                    case FLOOR -> Math.floor(value);
                    case CEILING -> Math.ceil(value);
                    default -> value < 0 ? Math.ceil(value) : Math.floor(value);
                };
        return type == F64 ? FloatForms.bits(rounded) : FloatForms.bits((float) rounded);
    }
}
