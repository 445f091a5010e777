package dev.longhand.bindings.ptx;

import static dev.longhand.bindings.ptx.Type.B16;
import static dev.longhand.bindings.ptx.Type.F32;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** cvt from and to f16, bf16 and the two fp8 formats. */
final class SmallFloatForms {
    /** An fp8 format as the numbers of its codes. */
    private record Octet(String name, int mantissa, int bias, int codes) {
        static final Octet E4M3 = new Octet("e4m3x2", 3, 7, 0x7f);
        static final Octet E5M2 = new Octet("e5m2x2", 2, 15, 0x7c);

        /** Of a code without sign that is finite. */
        double value(int code) {
            int exponent = code >> mantissa;
            double fraction = (code & (1 << mantissa) - 1) / (double) (1 << mantissa);
            return exponent == 0
                    ? fraction * Math.pow(2, 1 - bias)
                    : (1 + fraction) * Math.pow(2, exponent - bias);
        }

        float decode(int bits) {
            int code = bits & 0x7f;
            float sign = bits < 0x80 ? 1 : -1;
            if (code >= codes) {
                return name.equals("e5m2x2") && code == 0x7c
                        ? sign * Float.POSITIVE_INFINITY
                        : Float.NaN;
            }
            return (float) (sign * value(code));
        }

        /** The nearest finite code, the even one of two: by trying all. */
        int encode(float value) {
            if (Float.isNaN(value)) {
                return 0x7f;
            }
            double magnitude = Math.abs((double) value);
            int best = 0;
            for (int code = 1; code < codes; code++) {
                double before = Math.abs(value(best) - magnitude);
                double now = Math.abs(value(code) - magnitude);
                if (now < before || now == before && code % 2 == 0) {
                    best = code;
                }
            }
            if (magnitude >= value(codes - 1)) {
                best = codes - 1;
            }
            return best | (Float.floatToRawIntBits(value) < 0 ? 0x80 : 0);
        }
    }

    private final List<Form> forms = new ArrayList<>();

    private SmallFloatForms() {}

    static Stream<Form> all() {
        SmallFloatForms made = new SmallFloatForms();
        made.halves();
        made.octets(Octet.E4M3);
        made.octets(Octet.E5M2);
        return made.forms.stream();
    }

    private void halves() {
        List<Type> one = List.of(F32);
        List<Type> two = List.of(F32, F32);
        forms.add(Form.of("cvt.rn.bf16.f32 %d0, %s0", Type.BF16, one, s -> bf16(s[0])));
        forms.add(Form.of("cvt.rn.f16.f32 %d0, %s0", Type.F16, one, s -> f16(s[0])));
        forms.add(
                Form.of(
                        "cvt.rn.bf16x2.f32 %d0, %s0, %s1",
                        Type.BF16X2, two, s -> bf16(s[0]) << 16 | bf16(s[1])));
        forms.add(
                Form.of(
                        "cvt.rn.f16x2.f32 %d0, %s0, %s1",
                        Type.F16X2, two, s -> f16(s[0]) << 16 | f16(s[1])));
        forms.add(
                Form.of(
                        "cvt.f32.bf16 %d0, %s0",
                        F32, List.of(Type.BF16), s -> FloatForms.bits(Rounding.bf16(s[0]))));
        forms.add(
                Form.of(
                        "cvt.f32.f16 %d0, %s0",
                        F32, List.of(Type.F16), s -> FloatForms.bits(Rounding.f16(s[0]))));
    }

    private static long bf16(long bits) {
        return Rounding.toBf16(FloatForms.f32(bits));
    }

    private static long f16(long bits) {
        return Rounding.toF16(FloatForms.f32(bits));
    }

    private void octets(Octet octet) {
        forms.add(
                Form.of(
                        "cvt.rn.satfinite.%s.f32 %%d0, %%s0, %%s1".formatted(octet.name),
                        B16,
                        List.of(F32, F32),
                        s ->
                                octet.encode(FloatForms.f32(s[0])) << 8
                                        | octet.encode(FloatForms.f32(s[1]))));
        forms.add(
                Form.of(
                        "cvt.rn.f16x2.%s %%d0, %%s0".formatted(octet.name),
                        Type.F16X2,
                        List.of(B16),
                        s ->
                                Rounding.toF16(octet.decode((int) s[0] >> 8)) << 16
                                        | Rounding.toF16(octet.decode((int) s[0] & 255))));
    }
}
