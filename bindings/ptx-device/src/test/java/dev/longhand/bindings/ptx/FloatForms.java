package dev.longhand.bindings.ptx;

import static dev.longhand.bindings.ptx.Type.F32;
import static dev.longhand.bindings.ptx.Type.F64;

import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.Stream;

/** f32 and f64 arithmetic; operations on f32 are computed in f64 and rounded, which is exact. */
final class FloatForms {
    private static final double HALF_ULP = 0x1p-24;

    private final List<Form> forms = new ArrayList<>();

    private FloatForms() {}

    static Stream<Form> all() {
        FloatForms made = new FloatForms();
        made.sums();
        made.fused();
        made.extrema();
        made.signs();
        made.quotients();
        made.functions();
        return made.forms.stream();
    }

    static float f32(long bits) {
        return Float.intBitsToFloat((int) bits);
    }

    static long bits(float value) {
        return Integer.toUnsignedLong(Float.floatToRawIntBits(value));
    }

    static double f64(long bits) {
        return Double.longBitsToDouble(bits);
    }

    static long bits(double value) {
        return Double.doubleToRawLongBits(value);
    }

    static float flush(float value) {
        return Math.abs(value) < Float.MIN_NORMAL ? Math.copySign(0f, value) : value;
    }

    static float saturate(float value) {
        return value > 1 ? 1 : value > 0 ? value : 0;
    }

    private interface Lane32 {
        float compute(float a, float b);
    }

    private void binary(String opcode, boolean ftz, boolean sat, Lane32 lane) {
        forms.add(
                Form.of(
                        opcode + ".f32 %d0, %s0, %s1",
                        F32,
                        List.of(F32, F32),
                        s -> {
                            float a = f32(s[0]);
                            float b = f32(s[1]);
                            float r =
                                    ftz
                                            ? flush(lane.compute(flush(a), flush(b)))
                                            : lane.compute(a, b);
                            return bits(sat ? saturate(r) : r);
                        }));
    }

    private void binary64(String opcode, DoubleBinaryOperator lane) {
        forms.add(
                Form.of(
                        opcode + ".f64 %d0, %s0, %s1",
                        F64,
                        List.of(F64, F64),
                        s -> bits(lane.applyAsDouble(f64(s[0]), f64(s[1])))));
    }

    private void unary64(String opcode, DoubleUnaryOperator lane) {
        forms.add(
                Form.of(
                        opcode + ".f64 %d0, %s0",
                        F64,
                        List.of(F64),
                        s -> bits(lane.applyAsDouble(f64(s[0])))));
    }

    private void sums() {
        Map<String, Lane32> operations =
                Map.of("add", Float::sum, "sub", (a, b) -> a - b, "mul", (a, b) -> a * b);
        operations.forEach(
                (name, lane) -> {
                    binary(name, false, false, lane);
                    binary(name + ".rn", false, false, lane);
                    binary(name + ".ftz", true, false, lane);
                    binary(name + ".sat", false, true, lane);
                    binary(name + ".rn.ftz.sat", true, true, lane);
                });
        binary64("add", Double::sum);
        binary64("sub.rn", (a, b) -> a - b);
        binary64("mul", (a, b) -> a * b);
    }

    private void fused() {
        Map<String, RoundingMode> modes =
                Map.of(
                        "rn", RoundingMode.HALF_EVEN,
                        "rm", RoundingMode.FLOOR,
                        "rp", RoundingMode.CEILING,
                        "rz", RoundingMode.DOWN);
        modes.forEach(
                (name, mode) -> {
                    fused("fma." + name, mode, false, false);
                    fused("fma." + name + ".ftz", mode, true, false);
                });
        fused("fma.rn.sat", RoundingMode.HALF_EVEN, false, true);
        fused("fma.rn.ftz.sat", RoundingMode.HALF_EVEN, true, true);
        forms.add(
                Form.of(
                        "fma.rn.f64 %d0, %s0, %s1, %s2",
                        F64,
                        List.of(F64, F64, F64),
                        s -> bits(Math.fma(f64(s[0]), f64(s[1]), f64(s[2])))));
    }

    private void fused(String opcode, RoundingMode mode, boolean ftz, boolean sat) {
        forms.add(
                Form.of(
                        opcode + ".f32 %d0, %s0, %s1, %s2",
                        F32,
                        List.of(F32, F32, F32),
                        s -> {
                            float[] v = new float[3];
                            for (int i = 0; i < 3; i++) {
                                v[i] = ftz ? flush(f32(s[i])) : f32(s[i]);
                            }
                            float r = (float) Rounding.F32.fma(v[0], v[1], v[2], mode);
                            r = ftz ? flush(r) : r;
                            return bits(sat ? saturate(r) : r);
                        }));
    }

    private void extrema() {
        for (boolean most : new boolean[] {false, true}) {
            String name = most ? "max" : "min";
            Lane32 keep = most ? Math::max : Math::min;
            Lane32 drop = (a, b) -> Float.isNaN(a) ? b : Float.isNaN(b) ? a : keep.compute(a, b);
            binary(name, false, false, drop);
            binary(name + ".ftz", true, false, drop);
            binary(name + ".NaN", false, false, keep);
            binary(name + ".ftz.NaN", true, false, keep);
            binary64(
                    name,
                    (a, b) ->
                            Double.isNaN(a)
                                    ? b
                                    : Double.isNaN(b) ? a : most ? Math.max(a, b) : Math.min(a, b));
        }
        binary("copysign", false, false, (a, b) -> Math.copySign(b, sign(a)));
    }

    /** copySign may take any sign of a NaN. */
    private static float sign(float value) {
        return Float.floatToRawIntBits(value) < 0 ? -1 : 1;
    }

    private void signs() {
        for (boolean ftz : new boolean[] {false, true}) {
            String dot = ftz ? ".ftz" : "";
            unary("neg" + dot, ftz, a -> -a);
            unary("abs" + dot, ftz, Math::abs);
        }
        unary64("neg", a -> -a);
        unary64("abs", Math::abs);
    }

    private interface One32 {
        float compute(float a);
    }

    private void unary(String opcode, boolean ftz, One32 lane) {
        forms.add(
                Form.of(
                        opcode + ".f32 %d0, %s0",
                        F32,
                        List.of(F32),
                        s ->
                                bits(
                                        ftz
                                                ? flush(lane.compute(flush(f32(s[0]))))
                                                : lane.compute(f32(s[0])))));
    }

    private void quotients() {
        for (boolean ftz : new boolean[] {false, true}) {
            String dot = ftz ? ".ftz" : "";
            binary("div.rn" + dot, ftz, false, (a, b) -> a / b);
            unary("rcp.rn" + dot, ftz, a -> 1 / a);
            unary("sqrt.rn" + dot, ftz, a -> (float) Math.sqrt(a));
            for (String kind : List.of("approx", "full")) {
                forms.add(
                        Form.near(
                                "div.%s%s.f32 %%d0, %%s0, %%s1".formatted(kind, dot),
                                List.of(F32, F32),
                                new Form.Tolerance(4 * HALF_ULP, 0, ftz),
                                s ->
                                        ftz
                                                ? bits((double) flush(f32(s[0])) / flush(f32(s[1])))
                                                : bits((double) f32(s[0]) / f32(s[1]))));
            }
        }
        binary64("div.rn", (a, b) -> a / b);
        unary64("rcp.rn", a -> 1 / a);
        unary64("sqrt.rn", Math::sqrt);
    }

    private void functions() {
        near("rcp.approx", 2 * HALF_ULP, 0, a -> 1 / a);
        near("sqrt.approx", 2 * HALF_ULP, 0, Math::sqrt);
        near("rsqrt.approx", 4 * HALF_ULP, 0, a -> 1 / Math.sqrt(a));
        near("ex2.approx", 4 * HALF_ULP, 0, a -> Math.pow(2, a));
        near("lg2.approx", 4 * HALF_ULP, 0x1p-22, a -> Math.log(a) / Math.log(2));
        near("sin.approx", 4 * HALF_ULP, 0x1p-20, Math::sin);
        near("cos.approx", 4 * HALF_ULP, 0x1p-20, Math::cos);
        one("tanh.approx", false, new Form.Tolerance(0x1p-10, 0, false), Math::tanh);
    }

    private void near(String opcode, double relative, double absolute, DoubleUnaryOperator exact) {
        one(opcode, false, new Form.Tolerance(relative, absolute, false), exact);
        one(opcode + ".ftz", true, new Form.Tolerance(relative, absolute, true), exact);
    }

    private void one(
            String opcode, boolean ftz, Form.Tolerance tolerance, DoubleUnaryOperator exact) {
        forms.add(
                Form.near(
                        opcode + ".f32 %d0, %s0",
                        List.of(F32),
                        tolerance,
                        s -> bits(exact.applyAsDouble(ftz ? flush(f32(s[0])) : f32(s[0])))));
    }
}
