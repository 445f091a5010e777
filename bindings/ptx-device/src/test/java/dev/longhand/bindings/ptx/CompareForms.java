package dev.longhand.bindings.ptx;

import static dev.longhand.bindings.ptx.Type.B16;
import static dev.longhand.bindings.ptx.Type.B32;
import static dev.longhand.bindings.ptx.Type.B64;
import static dev.longhand.bindings.ptx.Type.F32;
import static dev.longhand.bindings.ptx.Type.F64;
import static dev.longhand.bindings.ptx.Type.P;
import static dev.longhand.bindings.ptx.Type.S16;
import static dev.longhand.bindings.ptx.Type.S32;
import static dev.longhand.bindings.ptx.Type.S64;
import static dev.longhand.bindings.ptx.Type.U16;
import static dev.longhand.bindings.ptx.Type.U32;
import static dev.longhand.bindings.ptx.Type.U64;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongBinaryOperator;
import java.util.stream.Stream;

/** setp in every comparison, type and combination, and selp. */
final class CompareForms {
    private static final List<String> ORDER = List.of("eq", "ne", "lt", "le", "gt", "ge");
    private static final List<String> UNSIGNED = List.of("lo", "ls", "hi", "hs");
    private static final List<String> UNORDERED =
            List.of("equ", "neu", "ltu", "leu", "gtu", "geu", "num", "nan");

    private final List<Form> forms = new ArrayList<>();

    private CompareForms() {}

    static Stream<Form> all() {
        CompareForms made = new CompareForms();
        for (Type type : List.of(S16, U16, B16, S32, U32, B32, S64, U64, B64)) {
            made.integers(type);
        }
        made.reals(F32, "");
        made.reals(F32, ".ftz");
        made.reals(F64, "");
        made.combinations();
        for (Type type : List.of(B16, U16, S16, B32, U32, S32, F32, B64, U64, S64, F64)) {
            made.forms.add(
                    Form.of(
                            "selp." + type.ptx() + " %d0, %s0, %s1, %s2",
                            type,
                            List.of(type, type, P),
                            s -> s[2] == 1 ? s[0] : s[1]));
        }
        return made.forms.stream();
    }

    private static boolean holds(String relation, int order) {
        return switch (relation) {
            case "eq", "equ" -> order == 0;
            case "ne", "neu" -> order != 0;
            case "lt", "lo", "ltu" -> order < 0;
            case "le", "ls", "leu" -> order <= 0;
            case "gt", "hi", "gtu" -> order > 0;
            case "ge", "hs", "geu" -> order >= 0;
            case "num" -> true;
            case "nan" -> false;
            default -> throw new IllegalArgumentException(relation);
        };
    }

    private void integers(Type type) {
        List<String> relations = new ArrayList<>(ORDER);
        if (type.name().startsWith("B")) {
            relations = List.of("eq", "ne");
        } else if (!type.signed) {
            relations.addAll(UNSIGNED);
        }
        for (String relation : relations) {
            forms.add(
                    Form.of(
                            "setp.%s.%s %%d0, %%s0, %%s1".formatted(relation, type.ptx()),
                            P,
                            List.of(type, type),
                            s -> holds(relation, order(type, s[0], s[1])) ? 1 : 0));
        }
    }

    private static int order(Type type, long a, long b) {
        return IntegerForms.big(type, a).compareTo(IntegerForms.big(type, b));
    }

    private void reals(Type type, String ftz) {
        for (String relation : Stream.concat(ORDER.stream(), UNORDERED.stream()).toList()) {
            boolean unordered = !ORDER.contains(relation) && !relation.equals("num");
            forms.add(
                    Form.of(
                            "setp.%s%s.%s %%d0, %%s0, %%s1".formatted(relation, ftz, type.ptx()),
                            P,
                            List.of(type, type),
                            s -> {
                                double a = real(type, s[0], !ftz.isEmpty());
                                double b = real(type, s[1], !ftz.isEmpty());
                                boolean nan = Double.isNaN(a) || Double.isNaN(b);
                                int order = a < b ? -1 : a > b ? 1 : 0;
                                return (nan ? unordered : holds(relation, order)) ? 1 : 0;
                            }));
        }
    }

    private static double real(Type type, long bits, boolean ftz) {
        float narrow = FloatForms.f32(bits);
        return type == F64 ? FloatForms.f64(bits) : ftz ? FloatForms.flush(narrow) : narrow;
    }

    private void combinations() {
        List<LongBinaryOperator> operations =
                List.of((a, b) -> a & b, (a, b) -> a | b, (a, b) -> a ^ b);
        for (int i = 0; i < 3; i++) {
            String name = List.of("and", "or", "xor").get(i);
            LongBinaryOperator operation = operations.get(i);
            for (int not = 0; not < 2; not++) {
                int flip = not;
                String third = not == 1 ? "!%s2" : "%s2";
                forms.add(
                        Form.of(
                                "setp.lt.%s.s32 %%d0, %%s0, %%s1, %s".formatted(name, third),
                                P,
                                List.of(S32, S32, P),
                                s -> operation.applyAsLong(less(s), s[2] ^ flip)));
                forms.add(
                        Form.of(
                                "setp.lt.%s.s32 %%d0|%%d1, %%s0, %%s1, %s".formatted(name, third),
                                List.of(P, P),
                                List.of(S32, S32, P),
                                s ->
                                        new long[] {
                                            operation.applyAsLong(less(s), s[2] ^ flip),
                                            operation.applyAsLong(1 - less(s), s[2] ^ flip)
                                        }));
            }
        }
        forms.add(
                Form.of(
                        "setp.lt.s32 %d0|%d1, %s0, %s1",
                        List.of(P, P), List.of(S32, S32), s -> new long[] {less(s), 1 - less(s)}));
        forms.add(
                Form.of(
                        "setp.eq.and.ftz.f32 %d0, %s0, 0f3F800000, %s1",
                        P, List.of(F32, P), s -> FloatForms.f32(s[0]) == 1 ? s[1] : 0));
        forms.add(Form.of("setp.lt.s32 _|%d0, %s0, %s1", P, List.of(S32, S32), s -> 1 - less(s)));
    }

    private static long less(long[] s) {
        return (int) s[0] < (int) s[1] ? 1 : 0;
    }
}
