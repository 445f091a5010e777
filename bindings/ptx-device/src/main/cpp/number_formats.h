/* bf16, f16 and the two fp8 formats as bits, with round to nearest even. */
#ifndef PTX_NUMBER_FORMATS_H
#define PTX_NUMBER_FORMATS_H

#include <cmath>
#include <cstdint>
#include <cstring>
#include <immintrin.h>

namespace ptx {

/* Zero of the same sign for a subnormal number. */
inline float flush(float value) {
    return std::fabs(value) < 1.17549435e-38f ? std::copysign(0.0f, value) : value;
}

inline float as_float(uint32_t bits) {
    float value;
    memcpy(&value, &bits, 4);
    return value;
}

inline uint32_t as_bits(float value) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    return bits;
}

inline float bf16_to_float(uint16_t bits) { return as_float(static_cast<uint32_t>(bits) << 16); }

/* NaN becomes the canonical NaN, as cvt.rn.bf16.f32 has it. */
inline uint16_t float_to_bf16(float value) {
    uint32_t bits = as_bits(value);
    if (value != value) {
        return 0x7fff;
    }
    return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

inline float f16_to_float(uint16_t bits) { return _cvtsh_ss(bits); }

inline uint16_t float_to_f16(float value) {
    if (value != value) {
        return 0x7fff;
    }
    return _cvtss_sh(value, _MM_FROUND_TO_NEAREST_INT);
}

/* A small float of `mantissa` bits and an exponent bias; the largest finite value is `largest`. */
struct Fp8 {
    int mantissa;
    int bias;
    float largest;
    uint8_t nan;
};
constexpr Fp8 E4M3{3, 7, 448.0f, 0x7f};
constexpr Fp8 E5M2{2, 15, 57344.0f, 0x7f};

inline float fp8_to_float(uint8_t bits, const Fp8 &format) {
    int exponent = (bits & 0x7f) >> format.mantissa;
    int fraction = bits & ((1 << format.mantissa) - 1);
    float sign = bits & 0x80 ? -1.0f : 1.0f;
    if (format.mantissa == 3 && (bits & 0x7f) == 0x7f) {
        return NAN;
    }
    if (format.mantissa == 2 && exponent == 31) {
        return fraction == 0 ? sign * INFINITY : NAN;
    }
    float scale = std::ldexp(1.0f, (exponent == 0 ? 1 : exponent) - format.bias - format.mantissa);
    return sign * scale * static_cast<float>(fraction + (exponent == 0 ? 0 : 1 << format.mantissa));
}

/* With .satfinite: larger magnitudes become the largest finite value. */
inline uint8_t float_to_fp8(float value, const Fp8 &format) {
    if (value != value) {
        return format.nan;
    }
    auto sign = static_cast<uint8_t>(std::signbit(value) ? 0x80 : 0);
    float magnitude = std::fabs(value);
    if (magnitude >= format.largest) {
        magnitude = format.largest;
    }
    int exponent;
    std::frexp(magnitude, &exponent); /* magnitude = m 2^exponent, m in [0.5, 1) */
    int least = 1 - format.bias;
    int unit = (exponent - 1 < least ? least : exponent - 1) - format.mantissa;
    float steps = std::nearbyint(std::ldexp(magnitude, -unit));
    auto count = static_cast<int>(steps);
    if (count == 0) {
        return sign;
    }
    if (count == 2 << format.mantissa) { /* rounded up to the next power of two */
        count >>= 1;
        unit++;
    }
    int biased = count < 1 << format.mantissa ? 0 : unit + format.mantissa + format.bias;
    int fraction = count & ((1 << format.mantissa) - 1);
    return static_cast<uint8_t>(sign | biased << format.mantissa | fraction);
}

} // namespace ptx

#endif
