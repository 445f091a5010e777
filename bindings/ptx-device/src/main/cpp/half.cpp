/* Arithmetic on f16, bf16 and pairs of them: computed in f32 (fma in f64), rounded as if once. */
#include <cmath>

#include "lanewise.h"
#include "number_formats.h"

namespace ptx {
namespace {

/* Rounds to odd: the last bit of an inexact f32 is 1, so no narrower format has a number between it and
 * the value. */
float to_odd(double value) {
    auto near = static_cast<float>(value);
    if (near != near || static_cast<double>(near) == value) {
        return near;
    }
    float below = std::fabs(static_cast<double>(near)) > std::fabs(value) ? std::nextafter(near, 0.0f) : near;
    return as_float(as_bits(below) | 1);
}

struct Bf16 {
    static float wide(uint16_t bits) { return bf16_to_float(bits); }
    static uint16_t narrow(double value) { return float_to_bf16(to_odd(value)); }
};
struct F16 {
    static float wide(uint16_t bits) { return f16_to_float(bits); }
    static uint16_t narrow(double value) { return float_to_f16(to_odd(value)); }
};

struct Add { double operator()(float a, float b) const { return a + b; } };
struct Sub { double operator()(float a, float b) const { return a - b; } };
struct Mul { double operator()(float a, float b) const { return a * b; } };
/* A NaN gives way to the number; -0 is less than +0. */
struct Min {
    double operator()(float a, float b) const {
        return a != a ? b : b != b ? a : a == b ? (std::signbit(a) ? a : b) : a < b ? a : b;
    }
};
struct Max {
    double operator()(float a, float b) const {
        return a != a ? b : b != b ? a : a == b ? (std::signbit(a) ? b : a) : a > b ? a : b;
    }
};
/* The product is exact in f64. The sum is rounded to odd, so that rounding it again is as if once. */
struct Fma {
    double operator()(float a, float b, float c) const {
        double product = static_cast<double>(a) * b;
        double sum = product + c;
        double there = sum - product;
        double error = (product - (sum - there)) + (c - there);
        uint64_t bits;
        memcpy(&bits, &sum, 8);
        return error == 0 || error != error || bits & 1 ? sum
               : std::nextafter(sum, error > 0 ? INFINITY : -INFINITY);
    }
};
struct Neg { double operator()(float a) const { return -a; } };
struct Abs { double operator()(float a) const { return std::fabs(a); } };

/* One value or two in a word. */
template <class Format, class F, bool PAIR> struct Each {
    template <class... A> uint32_t operator()(A... a) const {
        auto low = Format::narrow(F()(Format::wide(static_cast<uint16_t>(a))...));
        if (!PAIR) {
            return low;
        }
        auto high = Format::narrow(F()(Format::wide(static_cast<uint16_t>(a >> 16))...));
        return static_cast<uint32_t>(high) << 16 | low;
    }
};

template <class Format, class F, bool PAIR> void emit(Decoder &d) {
    using T = uint32_t;
    if constexpr (std::is_invocable_v<F, float, float, float>) {
        emit_ternary<T, T, T, T, Each<Format, F, PAIR>>(d);
    } else if constexpr (std::is_invocable_v<F, float, float>) {
        emit_binary<T, T, T, Each<Format, F, PAIR>>(d);
    } else {
        emit_unary<T, T, Each<Format, F, PAIR>>(d);
    }
}

template <class F> void by_format(Decoder &d) {
    d.take("rn");
    std::string type = d.one_of({"bf16x2", "bf16", "f16x2", "f16"});
    if (type == "bf16x2") emit<Bf16, F, true>(d);
    else if (type == "bf16") emit<Bf16, F, false>(d);
    else if (type == "f16x2") emit<F16, F, true>(d);
    else emit<F16, F, false>(d);
}

} // namespace

/* Decodes the form if its type is one of these; takes nothing otherwise. */
bool decode_half(const std::string &opcode, Decoder &d) {
    if (!d.has("bf16x2") && !d.has("bf16") && !d.has("f16x2") && !d.has("f16")) {
        return false;
    }
    if (opcode == "add") by_format<Add>(d);
    else if (opcode == "sub") by_format<Sub>(d);
    else if (opcode == "mul") by_format<Mul>(d);
    else if (opcode == "min") by_format<Min>(d);
    else if (opcode == "max") by_format<Max>(d);
    else if (opcode == "fma") by_format<Fma>(d);
    else if (opcode == "neg") by_format<Neg>(d);
    else if (opcode == "abs") by_format<Abs>(d);
    else return false;
    return true;
}


} // namespace ptx
