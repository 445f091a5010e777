/* cvt: every pair of types the kernels use, with rounding and saturation. */
#include <cmath>
#include <limits>

#include "lanewise.h"
#include "number_formats.h"

namespace ptx {
namespace {

/* Integer results of a float: rounded, then clamped to the range; NaN gives 0. */
template <class D, class A> D clamp(A value) {
    if (value != value) {
        return 0;
    }
    constexpr D least = std::numeric_limits<D>::min();
    constexpr D most = std::numeric_limits<D>::max();
    if (value <= static_cast<A>(least)) {
        return least;
    }
    return value >= static_cast<A>(most) ? most : static_cast<D>(value);
}

struct Nearest { template <class T> T operator()(T a) const { return std::nearbyint(a); } };
struct Zero { template <class T> T operator()(T a) const { return std::trunc(a); } };
struct Down { template <class T> T operator()(T a) const { return std::floor(a); } };
struct Up { template <class T> T operator()(T a) const { return std::ceil(a); } };

struct Same { template <class T> T operator()(T a) const { return a; } };

/* Of f32 only: f64 has no .ftz. */
template <bool FTZ, class A> A flush(A value) {
    return FTZ && std::fabs(value) < 1.17549435e-38f ? std::copysign(A(0), value) : value;
}
template <class D, class A, class Round, bool FTZ> struct ToInteger {
    D operator()(A a) const { return clamp<D>(Round()(flush<FTZ>(a))); }
};
template <class A, class Round, bool FTZ, bool SATURATE> struct ToIntegral {
    A operator()(A a) const {
        A r = Round()(flush<FTZ>(a));
        return !SATURATE ? r : r > 1 ? 1 : r > 0 ? r : 0;
    }
};
/* From one floating-point type to the other; subnormal f32 on either side are flushed. */
template <class D, class A, bool FTZ> struct Between {
    D operator()(A a) const {
        return flush<FTZ && sizeof(D) == 4>(static_cast<D>(flush<FTZ && sizeof(A) == 4>(a)));
    }
};
template <class D, class A> struct Plain { D operator()(A a) const { return static_cast<D>(a); } };
template <class D, class A> struct Saturate {
    D operator()(A a) const {
        if constexpr (std::is_floating_point_v<D>) {
            D r = static_cast<D>(a);
            return r > 1 ? 1 : r > 0 ? r : 0;
        } else {
            using Wide = __int128;
            Wide low = std::numeric_limits<D>::min(), high = std::numeric_limits<D>::max();
            return static_cast<D>(Wide(a) < low ? low : Wide(a) > high ? high : Wide(a));
        }
    }
};

struct WidenBf16 { float operator()(uint16_t a) const { return bf16_to_float(a); } };
struct WidenF16 { float operator()(uint16_t a) const { return f16_to_float(a); } };
struct NarrowBf16 { uint16_t operator()(float a) const { return float_to_bf16(a); } };
struct NarrowF16 { uint16_t operator()(float a) const { return float_to_f16(a); } };
/* The first source goes to the upper half. */
struct PackBf16 {
    uint32_t operator()(float high, float low) const {
        return static_cast<uint32_t>(float_to_bf16(high)) << 16 | float_to_bf16(low);
    }
};
struct PackF16 {
    uint32_t operator()(float high, float low) const {
        return static_cast<uint32_t>(float_to_f16(high)) << 16 | float_to_f16(low);
    }
};
template <const Fp8 &FORMAT> struct PackFp8 {
    uint16_t operator()(float high, float low) const {
        return static_cast<uint16_t>(float_to_fp8(high, FORMAT) << 8 | float_to_fp8(low, FORMAT));
    }
};
template <const Fp8 &FORMAT> struct UnpackFp8 {
    uint32_t operator()(uint16_t pair) const {
        uint32_t high = float_to_f16(fp8_to_float(static_cast<uint8_t>(pair >> 8), FORMAT));
        return high << 16 | float_to_f16(fp8_to_float(static_cast<uint8_t>(pair), FORMAT));
    }
};

template <class Visit> bool with_type(const std::string &type, Visit visit) {
    if (type == "s32") visit(int32_t());
    else if (type == "u32") visit(uint32_t());
    else if (type == "s64") visit(int64_t());
    else if (type == "u64") visit(uint64_t());
    else if (type == "s16") visit(int16_t());
    else if (type == "u16") visit(uint16_t());
    else if (type == "s8") visit(int8_t());
    else if (type == "u8") visit(uint8_t());
    else if (type == "f32") visit(float());
    else if (type == "f64") visit(double());
    else return false;
    return true;
}

/* Calls visit with the function that rounds to an integer by a mode. */
template <class Visit> void with_mode(const std::string &mode, Decoder &d, Visit visit) {
    if (mode == "rni") visit(Nearest());
    else if (mode == "rmi") visit(Down());
    else if (mode == "rpi") visit(Up());
    else if (mode == "rzi") visit(Zero());
    else d.unknown("rounding");
}

template <class D, class A> void to_integer(Decoder &d, const std::string &mode, bool ftz) {
    with_mode(mode, d, [&](auto round) {
        using Round = decltype(round);
        ftz ? emit_unary<D, A, ToInteger<D, A, Round, true>>(d)
            : emit_unary<D, A, ToInteger<D, A, Round, false>>(d);
    });
}

template <class A> void to_integral(Decoder &d, const std::string &mode, bool ftz, bool saturate) {
    auto emit = [&](auto round) {
        using Round = decltype(round);
        if (ftz) {
            saturate ? emit_unary<A, A, ToIntegral<A, Round, true, true>>(d)
                     : emit_unary<A, A, ToIntegral<A, Round, true, false>>(d);
        } else {
            saturate ? emit_unary<A, A, ToIntegral<A, Round, false, true>>(d)
                     : emit_unary<A, A, ToIntegral<A, Round, false, false>>(d);
        }
    };
    if (mode.empty()) {
        emit(Same());
    } else {
        with_mode(mode, d, emit);
    }
}

template <class D, class A> void number(Decoder &d, const std::string &mode, bool ftz, bool saturate) {
    constexpr bool from_float = std::is_floating_point_v<A>;
    constexpr bool to_float = std::is_floating_point_v<D>;
    if constexpr (from_float && !to_float) {
        to_integer<D, A>(d, mode, ftz);
    } else if constexpr (std::is_same_v<D, A> && to_float) {
        to_integral<A>(d, mode, ftz && sizeof(A) == 4, saturate);
    } else if (mode != (to_float && !(from_float && sizeof(D) > sizeof(A)) ? "rn" : "")) {
        d.unknown("rounding"); /* f32 to f64 and between integers there is none */
    } else if constexpr (from_float) {
        saturate ? d.unknown("saturation")
        : ftz    ? emit_unary<D, A, Between<D, A, true>>(d)
                 : emit_unary<D, A, Between<D, A, false>>(d);
    } else {
        saturate ? emit_unary<D, A, Saturate<D, A>>(d) : emit_unary<D, A, Plain<D, A>>(d);
    }
}

/* Forms with a 16-bit or 8-bit float on either side. */
bool small_float(Decoder &d, const std::string &mode, bool saturate, const std::string &to,
                 const std::string &from) {
    bool small = to[0] == 'b' || to[0] == 'e' || from[0] == 'b' || from[0] == 'e'
                 || to.compare(0, 3, "f16") == 0 || from.compare(0, 3, "f16") == 0;
    if (small && (mode != (to == "f32" ? "" : "rn") || saturate != (to[0] == 'e'))) {
        d.unknown("rounding or saturation");
    }
    if (to == "bf16x2" && from == "f32") emit_binary<uint32_t, float, float, PackBf16>(d);
    else if (to == "f16x2" && from == "f32") emit_binary<uint32_t, float, float, PackF16>(d);
    else if (to == "bf16" && from == "f32") emit_unary<uint16_t, float, NarrowBf16>(d);
    else if (to == "f16" && from == "f32") emit_unary<uint16_t, float, NarrowF16>(d);
    else if (to == "f32" && from == "bf16") emit_unary<float, uint16_t, WidenBf16>(d);
    else if (to == "f32" && from == "f16") emit_unary<float, uint16_t, WidenF16>(d);
    else if (to == "e4m3x2" && from == "f32") emit_binary<uint16_t, float, float, PackFp8<E4M3>>(d);
    else if (to == "e5m2x2" && from == "f32") emit_binary<uint16_t, float, float, PackFp8<E5M2>>(d);
    else if (to == "f16x2" && from == "e4m3x2") emit_unary<uint32_t, uint16_t, UnpackFp8<E4M3>>(d);
    else if (to == "f16x2" && from == "e5m2x2") emit_unary<uint32_t, uint16_t, UnpackFp8<E5M2>>(d);
    else return false;
    return true;
}

void convert(Decoder &d) {
    std::string mode;
    for (const char *known : {"rn", "rni", "rzi", "rmi", "rpi"}) {
        if (d.take(known)) {
            mode = known;
        }
    }
    bool ftz = d.take("ftz");
    bool finite = d.take("satfinite");
    bool saturate = finite || d.take("sat");
    std::string to = d.next();
    std::string from = d.next();
    if (finite && to[0] != 'e') {
        d.unknown("saturation");
    }
    if (small_float(d, mode, saturate, to, from)) {
        return;
    }
    bool known = with_type(to, [&](auto result) {
        if (!with_type(from, [&](auto source) {
                number<decltype(result), decltype(source)>(d, mode, ftz, saturate);
            })) {
            d.unknown("type " + from);
        }
    });
    if (!known) {
        d.unknown("type " + to);
    }
}

} // namespace

void add_convert(Opcodes &opcodes) { opcodes["cvt"] = convert; }

} // namespace ptx
