/* f32 and f64 arithmetic. */
#include <cmath>

#include "lanewise.h"
#include "number_formats.h"

namespace ptx {

bool decode_integer(const std::string &opcode, Decoder &d);
void decode_saturated(const std::string &opcode, Decoder &d);
bool decode_half(const std::string &opcode, Decoder &d);

namespace {

/* F with subnormal inputs and results flushed to zero of the same sign. */
template <class F> struct Ftz {
    template <class... A> float operator()(A... a) const { return flush(F()(flush(a)...)); }
};
template <class F> struct Saturated {
    template <class... A> float operator()(A... a) const {
        float r = F()(a...);
        return r > 1 ? 1 : r > 0 ? r : 0; /* NaN becomes 0 */
    }
};

struct Add { template <class T> T operator()(T a, T b) const { return a + b; } };
struct Sub { template <class T> T operator()(T a, T b) const { return a - b; } };
struct Mul { template <class T> T operator()(T a, T b) const { return a * b; } };
struct Div { template <class T> T operator()(T a, T b) const { return a / b; } };
struct Fma { template <class T> T operator()(T a, T b, T c) const { return std::fma(a, b, c); } };
struct Neg { template <class T> T operator()(T a) const { return -a; } };
struct Abs { template <class T> T operator()(T a) const { return std::fabs(a); } };
struct Sqrt { template <class T> T operator()(T a) const { return std::sqrt(a); } };
struct Rcp { template <class T> T operator()(T a) const { return 1 / a; } };
struct Rsqrt {
    float operator()(float a) const { return static_cast<float>(1 / std::sqrt(static_cast<double>(a))); }
};
struct Ex2 { float operator()(float a) const { return std::exp2(a); } };
struct Lg2 { float operator()(float a) const { return std::log2(a); } };
struct Sin { float operator()(float a) const { return std::sin(a); } };
struct Cos { float operator()(float a) const { return std::cos(a); } };
struct Tanh { float operator()(float a) const { return std::tanh(a); } };
struct Copysign {
    float operator()(float sign, float magnitude) const { return std::copysign(magnitude, sign); }
};

/* A NaN gives way to the number; .NaN keeps it. -0 is less than +0. */
struct Min {
    template <class T> T operator()(T a, T b) const {
        return a != a ? b : b != b ? a : a == b ? (std::signbit(a) ? a : b) : a < b ? a : b;
    }
};
struct Max {
    template <class T> T operator()(T a, T b) const {
        return a != a ? b : b != b ? a : a == b ? (std::signbit(a) ? b : a) : a > b ? a : b;
    }
};
template <class F> struct KeepNan {
    template <class T> T operator()(T a, T b) const { return a != a || b != b ? NAN : F()(a, b); }
};

void rounding(Decoder &d) { d.take("rn"); } /* only fma has other modes */

/* F in another rounding mode; volatile keeps the compiler from moving it out of the mode. */
template <class F, unsigned MODE> struct Rounded {
    float operator()(float a, float b, float c) const {
        volatile float x = a;
        unsigned before = _MM_GET_ROUNDING_MODE();
        _MM_SET_ROUNDING_MODE(MODE);
        volatile float result = F()(x, b, c);
        _MM_SET_ROUNDING_MODE(before);
        return result;
    }
};

template <unsigned MODE> void fused_rounded(Decoder &d) {
    using T = float;
    bool ftz = d.take("ftz");
    d.one_of({"f32"});
    ftz ? emit_ternary<T, T, T, T, Ftz<Rounded<Fma, MODE>>>(d)
        : emit_ternary<T, T, T, T, Rounded<Fma, MODE>>(d);
}

template <class F> void f32_unary(Decoder &d, bool ftz) {
    ftz ? emit_unary<float, float, Ftz<F>>(d) : emit_unary<float, float, F>(d);
}

template <class F> void f32_binary(Decoder &d, bool ftz, bool saturate) {
    if (saturate) {
        ftz ? emit_binary<float, float, float, Saturated<Ftz<F>>>(d)
            : emit_binary<float, float, float, Saturated<F>>(d);
    } else {
        ftz ? emit_binary<float, float, float, Ftz<F>>(d) : emit_binary<float, float, float, F>(d);
    }
}

template <class F> void arithmetic(const std::string &opcode, Decoder &d) {
    if (decode_half(opcode, d)) {
        return;
    }
    rounding(d);
    bool ftz = d.take("ftz");
    bool saturate = d.take("sat");
    if (d.take("f32")) {
        f32_binary<F>(d, ftz, saturate);
    } else if (ftz) {
        d.unknown();
    } else if (saturate) {
        decode_saturated(opcode, d);
    } else if (d.take("f64")) {
        emit_binary<double, double, double, F>(d);
    } else if (!decode_integer(opcode, d)) {
        d.unknown();
    }
}

template <class F> void extremum(const std::string &opcode, Decoder &d) {
    if (decode_half(opcode, d)) {
        return;
    }
    bool ftz = d.take("ftz");
    bool keep_nan = d.take("NaN");
    if (d.take("f32")) {
        keep_nan ? f32_binary<KeepNan<F>>(d, ftz, false) : f32_binary<F>(d, ftz, false);
    } else if (ftz || keep_nan) {
        d.unknown();
    } else if (d.take("f64")) {
        emit_binary<double, double, double, F>(d);
    } else if (!decode_integer(opcode, d)) {
        d.unknown();
    }
}

template <class F> void sign(const std::string &opcode, Decoder &d) {
    if (decode_half(opcode, d)) {
        return;
    }
    bool ftz = d.take("ftz");
    if (d.take("f32")) {
        f32_unary<F>(d, ftz);
    } else if (ftz) {
        d.unknown();
    } else if (d.take("f64")) {
        emit_unary<double, double, F>(d);
    } else if (!decode_integer(opcode, d)) {
        d.unknown();
    }
}

void division(Decoder &d) {
    bool approximate = d.take("approx") || d.take("full");
    rounding(d);
    bool ftz = d.take("ftz");
    if (d.take("f32")) {
        f32_binary<Div>(d, ftz, false);
    } else if (approximate || ftz) {
        d.unknown();
    } else if (d.take("f64")) {
        emit_binary<double, double, double, Div>(d);
    } else if (!decode_integer("div", d)) {
        d.unknown();
    }
}

void fused(Decoder &d) {
    if (decode_half("fma", d)) {
        return;
    }
    if (d.take("rm")) {
        return fused_rounded<_MM_ROUND_DOWN>(d);
    }
    if (d.take("rp")) {
        return fused_rounded<_MM_ROUND_UP>(d);
    }
    if (d.take("rz")) {
        return fused_rounded<_MM_ROUND_TOWARD_ZERO>(d);
    }
    rounding(d);
    bool ftz = d.take("ftz");
    if (d.take("sat")) {
        d.one_of({"f32"});
        ftz ? emit_ternary<float, float, float, float, Saturated<Ftz<Fma>>>(d)
            : emit_ternary<float, float, float, float, Saturated<Fma>>(d);
    } else if (!ftz && d.take("f64")) {
        emit_ternary<double, double, double, double, Fma>(d);
    } else {
        d.one_of({"f32"});
        ftz ? emit_ternary<float, float, float, float, Ftz<Fma>>(d)
            : emit_ternary<float, float, float, float, Fma>(d);
    }
}

/* Approximate and correctly rounded functions both use the C library: see number tolerances. */
template <class F> void function(Decoder &d) {
    d.take("approx");
    rounding(d);
    bool ftz = d.take("ftz");
    d.one_of({"f32"});
    f32_unary<F>(d, ftz);
}

template <class F> void root(Decoder &d) {
    d.take("approx");
    rounding(d);
    bool ftz = d.take("ftz");
    if (d.one_of({"f32", "f64"}) == "f64") {
        if (ftz) {
            d.unknown();
        }
        emit_unary<double, double, F>(d);
    } else {
        f32_unary<F>(d, ftz);
    }
}

} // namespace

void add_float(Opcodes &opcodes) {
    opcodes["add"] = [](Decoder &d) { arithmetic<Add>("add", d); };
    opcodes["sub"] = [](Decoder &d) { arithmetic<Sub>("sub", d); };
    opcodes["mul"] = [](Decoder &d) { arithmetic<Mul>("mul", d); };
    opcodes["min"] = [](Decoder &d) { extremum<Min>("min", d); };
    opcodes["max"] = [](Decoder &d) { extremum<Max>("max", d); };
    opcodes["neg"] = [](Decoder &d) { sign<Neg>("neg", d); };
    opcodes["abs"] = [](Decoder &d) { sign<Abs>("abs", d); };
    opcodes["div"] = division;
    opcodes["fma"] = fused;
    opcodes["sqrt"] = root<Sqrt>;
    opcodes["rcp"] = root<Rcp>;
    opcodes["rsqrt"] = function<Rsqrt>;
    opcodes["ex2"] = function<Ex2>;
    opcodes["lg2"] = function<Lg2>;
    opcodes["sin"] = function<Sin>;
    opcodes["cos"] = function<Cos>;
    opcodes["tanh"] = function<Tanh>;
    opcodes["copysign"] = [](Decoder &d) {
        d.one_of({"f32"});
        emit_binary<float, float, float, Copysign>(d);
    };
}

} // namespace ptx
