/*
 * One vector abstraction for every kernel: `vf` is the widest native float vector, W its lanes.
 *
 * The numerics contract lives here. A dot product over K keeps 16 lanes whatever the processor:
 * element k is accumulated into lane k mod 16 by fused multiply-adds in ascending k, and lane_sum
 * adds the lanes by one fixed tree. AVX-512 holds the lanes in one register, AVX2 in two, SSE2 and
 * NEON in four, so the order of additions - and with FMA every bit - is the same on all of them, for
 * one row or for 512, in any tile and on any thread.
 */
#ifndef LH_LANES_H
#define LH_LANES_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "context.h"

#define LANES 16

/* The name of an op's function as compiled for LH_ISA, which build.sh passes. */
#define LH_NAME(name) LH_JOIN(name, LH_ISA)
#define LH_JOIN(name, isa) LH_JOIN_EXPANDED(name, isa)
#define LH_JOIN_EXPANDED(name, isa) name##_##isa

#if defined(LH_ISA_AVX512)
#include <immintrin.h>
#define W 16
typedef __m512 vf;
typedef __m512i vi;
#elif defined(LH_ISA_AVX2)
#include <immintrin.h>
#define W 8
typedef __m256 vf;
typedef __m256i vi;
#else
#define W 4
typedef float vf __attribute__((vector_size(16)));
typedef long long vi __attribute__((vector_size(16)));
#endif

/* 32-bit integer lanes, for the exponent arithmetic of v_exp and for masks. */
typedef int32_t vi32 __attribute__((vector_size(4 * W)));

/* Native vectors that hold the 16 lanes. */
#define NV (LANES / W)

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* Unaligned access: weights sit in mapped files at whatever offset their header left them. */
typedef vf vf_unaligned __attribute__((aligned(4), may_alias));

ALWAYS_INLINE vf v_load(const float *p) { return *(const vf_unaligned *)p; }
/* A load into a register: otherwise the compiler folds it into every use, and each loads again. */
ALWAYS_INLINE vf v_load_once(const float *p) {
    vf v = v_load(p);
#if defined(LH_ISA_AVX512)
    __asm__("" : "+v"(v)); /* any of the 32 registers; x would be the first 16 */
#elif defined(__x86_64__)
    __asm__("" : "+x"(v));
#endif
    return v;
}
ALWAYS_INLINE void v_store(float *p, vf v) { *(vf_unaligned *)p = v; }

#if defined(LH_ISA_AVX512)
ALWAYS_INLINE vf v_set1(float x) { return _mm512_set1_ps(x); }
ALWAYS_INLINE vf v_fma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }
ALWAYS_INLINE vf v_max(vf a, vf b) { return _mm512_max_ps(a, b); }
#elif defined(LH_ISA_AVX2)
ALWAYS_INLINE vf v_set1(float x) { return _mm256_set1_ps(x); }
ALWAYS_INLINE vf v_fma(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }
ALWAYS_INLINE vf v_max(vf a, vf b) { return _mm256_max_ps(a, b); }
#else
ALWAYS_INLINE vf v_set1(float x) { return (vf){x, x, x, x}; }
ALWAYS_INLINE vf v_fma(vf a, vf b, vf c) { return a * b + c; }
ALWAYS_INLINE vf v_max(vf a, vf b) {
    vi32 larger = a > b;
    return (vf)(((vi32)a & larger) | ((vi32)b & ~larger));
}
#endif

ALWAYS_INLINE vf v_zero(void) { return v_set1(0); }

/* a where mask is all ones, else b */
ALWAYS_INLINE vf v_select(vi32 mask, vf a, vf b) {
    return (vf)(((vi32)a & mask) | ((vi32)b & ~mask));
}

ALWAYS_INLINE float bf16_to_f32(uint16_t bits) {
    uint32_t wide = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &wide, 4);
    return value;
}

/* Round to nearest, ties to even; NaN stays NaN. */
ALWAYS_INLINE uint16_t f32_to_bf16(float value) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    if (value != value) {
        return (uint16_t)((bits >> 16) | 0x40);
    }
    return (uint16_t)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

ALWAYS_INLINE float f16_to_f32(uint16_t bits) {
    uint32_t sign = (uint32_t)(bits & 0x8000) << 16;
    uint32_t magnitude = bits & 0x7fff;
    uint32_t wide;
    float value;
    if (magnitude >= 0x7c00) {
        wide = sign | 0x7f800000 | (magnitude << 13);
    } else {
        /* 2^112 moves the exponent bias from 15 to 127 and makes subnormals normal. */
        uint32_t shifted = magnitude << 13;
        memcpy(&value, &shifted, 4);
        value *= 0x1p112f;
        memcpy(&wide, &value, 4);
        wide |= sign;
    }
    memcpy(&value, &wide, 4);
    return value;
}

ALWAYS_INLINE float element_to_f32(const void *base, int32_t dtype, int64_t index) {
    const char *bytes = base;
    if (dtype == LH_F32) {
        float value;
        memcpy(&value, bytes + 4 * index, 4);
        return value;
    }
    uint16_t bits;
    memcpy(&bits, bytes + 2 * index, 2);
    return dtype == LH_BF16 ? bf16_to_f32(bits) : f16_to_f32(bits);
}

ALWAYS_INLINE int64_t dtype_bytes(int32_t dtype) { return dtype == LH_F32 ? 4 : 2; }

/* W elements of any dtype, widened; dtype is a constant wherever this is inlined. */
ALWAYS_INLINE vf v_widen(const void *base, int32_t dtype, int64_t index) {
    if (dtype == LH_F32) {
        return v_load((const float *)base + index);
    }
    const uint16_t *p = (const uint16_t *)base + index;
#if defined(LH_ISA_AVX512)
    __m256i bits = _mm256_loadu_si256((const __m256i *)p);
    if (dtype == LH_F16) {
        return _mm512_cvtph_ps(bits);
    }
    return (vf)_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16);
#elif defined(LH_ISA_AVX2)
    __m128i bits = _mm_loadu_si128((const __m128i *)p);
    if (dtype == LH_F16) {
        return _mm256_cvtph_ps(bits);
    }
    return (vf)_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16);
#else
    vf wide;
    for (int i = 0; i < W; i++) {
        wide[i] = element_to_f32(p, dtype, i);
    }
    return wide;
#endif
}

/* The sum of 16 lanes held in NV vectors: lane i + lane i+8, then i+4, i+2, i+1. */
ALWAYS_INLINE float lane_sum(const vf *lanes) {
#if defined(LH_ISA_AVX512)
    __m256 eight = _mm512_castps512_ps256(lanes[0]) + _mm512_extractf32x8_ps(lanes[0], 1);
#elif defined(LH_ISA_AVX2)
    __m256 eight = lanes[0] + lanes[1];
#endif
#if defined(LH_ISA_AVX512) || defined(LH_ISA_AVX2)
    __m128 four = _mm256_castps256_ps128(eight) + _mm256_extractf128_ps(eight, 1);
    __m128 two = four + _mm_movehl_ps(four, four);
    return two[0] + two[1];
#else
    float l[LANES];
    for (int v = 0; v < NV; v++) {
        v_store(l + v * W, lanes[v]);
    }
    for (int step = LANES / 2; step > 0; step /= 2) {
        for (int i = 0; i < step; i++) {
            l[i] += l[i + step];
        }
    }
    return l[0];
#endif
}

/*
 * e^x, at most 2 units in the last place off; 0 below -87.33 (the smallest normal float).
 *
 * Cephes' scheme: n = round(x log2 e), r = x - n ln 2 in two parts, a polynomial of degree 6 for
 * e^r on |r| <= 0.347, then 2^n through the exponent bits. Callers keep x below 88.
 */
ALWAYS_INLINE vf v_exp(vf x) {
    const vf magic = v_set1(0x1.8p23f); /* adding it rounds to an integer in the low bits */
    vi32 alive = x >= v_set1(-87.33f);
    vf clamped = v_max(x, v_set1(-87.33f));
    vf shifted = v_fma(clamped, v_set1(1.44269504f), magic);
    vf n = shifted - magic;
    vf r = v_fma(n, v_set1(-0x1.62e4p-1f), clamped);
    r = v_fma(n, v_set1(-1.42860677e-6f), r);
    vf p = v_set1(1.9875691500e-4f);
    p = v_fma(p, r, v_set1(1.3981999507e-3f));
    p = v_fma(p, r, v_set1(8.3334519073e-3f));
    p = v_fma(p, r, v_set1(4.1665795894e-2f));
    p = v_fma(p, r, v_set1(1.6666665459e-1f));
    p = v_fma(p, r, v_set1(5.0000001201e-1f));
    p = v_fma(p, r * r, r) + v_set1(1);
    vi32 exponent = ((vi32)shifted << 23);
    return (vf)(((vi32)p + exponent) & alive);
}

/*
 * 2^x for x <= 0, at most 2 units in the last place off; exactly 0 from -127 down, so that a masked
 * score of minus infinity weighs nothing, and less than a normal float from -126 down.
 *
 * Half the steps of v_exp: r = x - round(x) is exact, and where x is held at -127 the polynomial, of
 * degree 5 with least relative error on |r| <= 1/2, is 1, whose exponent bits less 127 are 0.
 */
ALWAYS_INLINE vf v_exp2(vf x) {
    const vf magic = v_set1(0x1.8p23f);
    vf held = v_max(x, v_set1(-127));
    vf shifted = held + magic;
    vf r = held - (shifted - magic);
    vf p = v_set1(0x1.5bba14p-10f);
    p = v_fma(p, r, v_set1(0x1.3cea88p-7f));
    p = v_fma(p, r, v_set1(0x1.c6b752p-5f));
    p = v_fma(p, r, v_set1(0x1.ebf9bcp-3f));
    p = v_fma(p, r, v_set1(0x1.62e42ap-1f));
    p = v_fma(p, r, v_set1(1));
    return (vf)((vi32)p + ((vi32)shifted << 23));
}

/* The hyperbolic tangent, a few units in the last place off. */
ALWAYS_INLINE vf v_tanh(vf x) {
    vf size = v_max(x, -x);
    vf power = v_exp2(size * v_set1(-2.88539008f)); /* e^(-2 |x|) */
    vf far = (v_set1(1) - power) / (v_set1(1) + power);
    vf square = x * x; /* near 0 that difference cancels: a polynomial */
    vf p = v_set1(2.1869488e-2f);
    p = v_fma(p, square, v_set1(-5.3968254e-2f));
    p = v_fma(p, square, v_set1(1.3333334e-1f));
    p = v_fma(p, square, v_set1(-3.3333334e-1f));
    vf near = v_fma(p * square, size, size);
    vi32 is_near = size < v_set1(0.25f);
    vi32 sign = (vi32)x & (vi32)v_set1(-0.0f);
    return (vf)(((vi32)near & is_near) | ((vi32)far & ~is_near) | sign);
}

/* v_exp2 of one number, bit for bit. */
ALWAYS_INLINE float exp2_of_one(float x) { return v_exp2(v_set1(x))[0]; }

#endif
