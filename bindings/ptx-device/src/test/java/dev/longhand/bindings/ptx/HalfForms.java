package dev.longhand.bindings.ptx;

import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Arithmetic on f16, bf16 and pairs of them, rounded once from the exact result. */
final class HalfForms {
    private final List<Form> forms = new ArrayList<>();

    private HalfForms() {}

    private interface Exact {
        double compute(Rounding format, double[] of);
    }

    static Stream<Form> all() {
        HalfForms made = new HalfForms();
        for (Type type : List.of(Type.F16, Type.F16X2, Type.BF16, Type.BF16X2)) {
            made.add("add", type, 2, (f, v) -> f.fma(v[0], 1, v[1], RoundingMode.HALF_EVEN));
            made.add("sub.rn", type, 2, (f, v) -> f.fma(v[1], -1, v[0], RoundingMode.HALF_EVEN));
            made.add("mul", type, 2, HalfForms::product);
            made.add("fma.rn", type, 3, (f, v) -> f.fma(v[0], v[1], v[2], RoundingMode.HALF_EVEN));
            made.add("min", type, 2, (f, v) -> extremum(v, Math.min(v[0], v[1])));
            made.add("max", type, 2, (f, v) -> extremum(v, Math.max(v[0], v[1])));
            made.add("neg", type, 1, (f, v) -> -v[0]);
            made.add("abs", type, 1, (f, v) -> Math.abs(v[0]));
        }
        return made.forms.stream();
    }

    private static double product(Rounding format, double[] v) {
        double sign = Math.copySign(1, v[0]) * Math.copySign(1, v[1]);
        double zero = Math.copySign(0.0, sign); // so that a product of zero keeps its sign
        return format.fma(v[0], v[1], zero, RoundingMode.HALF_EVEN);
    }

    private static double extremum(double[] v, double both) {
        return Double.isNaN(v[0]) ? v[1] : Double.isNaN(v[1]) ? v[0] : both;
    }

    private void add(String opcode, Type type, int sources, Exact exact) {
        StringBuilder statement = new StringBuilder(opcode + "." + type.ptx() + " %d0");
        List<Type> types = new ArrayList<>();
        for (int i = 0; i < sources; i++) {
            statement.append(", %s").append(i);
            types.add(type);
        }
        forms.add(
                Form.of(
                        statement.toString(),
                        type,
                        types,
                        s -> {
                            long low = one(type, s, 0, exact);
                            return type.bits == 16 ? low : one(type, s, 16, exact) << 16 | low;
                        }));
    }

    private static long one(Type type, long[] s, int shift, Exact exact) {
        boolean brain = type == Type.BF16 || type == Type.BF16X2;
        double[] values = new double[s.length];
        for (int i = 0; i < s.length; i++) {
            long half = s[i] >> shift & 0xffff;
            values[i] = brain ? Rounding.bf16(half) : Rounding.f16(half);
        }
        double result = exact.compute(brain ? Rounding.BF16 : Rounding.F16, values);
        return brain ? Rounding.toBf16((float) result) : Rounding.toF16((float) result);
    }
}
