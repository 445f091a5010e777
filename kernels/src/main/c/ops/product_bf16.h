/*
 * Panels of products whose inputs are rounded to bf16, to nearest even, denormals to zero. The sum of a
 * product runs over pairs of depths, in each the odd one first:
 *   sum = fma(a[2i], b[2i], fma(a[2i + 1], b[2i + 1], sum))
 * which is what vdpbf16ps computes (32 million random pairs on a Zen 5, with denormals, infinities and NaN:
 * no bit differs). Processors without the instruction give the same bits with f32 panels in which the depths
 * of each pair have changed places. A product of two bf16 numbers is exact in f32 unless it leaves the range,
 * so that holds without fused multiply-adds too, for products between 2^-126 and 2^128.
 */
#ifndef LH_PRODUCT_BF16_H
#define LH_PRODUCT_BF16_H

#include "product_pack.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#if defined(LH_BF16_DOT)
#define BF16_PAIRS 1
#else
#define BF16_PAIRS 0
#endif

/* Elements of four bytes that a panel has per column: pairs, or floats of an even number of depths. */
ALWAYS_INLINE int64_t bf16_units(int64_t depth) {
    return BF16_PAIRS ? (depth + 1) / 2 : (depth + 1) / 2 * 2;
}

#if !defined(LH_BF16_DOT)
/* Rounded to bf16, as f32. */
ALWAYS_INLINE vf v_round_to_bf16(vf value) {
    typedef uint32_t vu32 __attribute__((vector_size(4 * W)));
    vu32 bits = (vu32)value;
    vu32 rounded = (bits + 0x7fff + ((bits >> 16) & 1)) & 0xffff0000;
    vi32 is_number = value == value;
    vi32 is_normal = (vi32)((bits & 0x7f800000) != 0);
    vu32 flushed = (rounded & (vu32)is_normal) | (bits & 0x80000000 & ~(vu32)is_normal);
    return v_select(is_number, (vf)flushed, (vf)((bits & 0xffff0000) | 0x400000));
}
#endif

/*
 * Rounds a panel [depth][width] of floats. Reads and writes whole vectors: up to W - 1 elements after the
 * last of both are touched. Panels are written in ascending order.
 */
ALWAYS_INLINE void round_panel(const float *wide, int64_t depth, int64_t width, float *panel) {
    for (int64_t k = 0; k < depth; k += 2) {
        for (int64_t n = 0; n < width; n += W) {
            vf even = v_load(wide + k * width + n);
            vf odd = k + 1 < depth ? v_load(wide + (k + 1) * width + n) : v_zero();
#if defined(LH_BF16_DOT)
            __m512i low = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(even));
            __m512i high = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(odd));
            v_store(panel + k / 2 * width + n, (vf)_mm512_or_si512(low, _mm512_slli_epi32(high, 16)));
#else
            v_store(panel + k * width + n, v_round_to_bf16(odd));
            v_store(panel + (k + 1) * width + n, v_round_to_bf16(even));
#endif
        }
    }
}

/* From here on, denormals count as zero, as the instruction has it; returns the state before. */
ALWAYS_INLINE uint32_t flush_denormals(void) {
#if defined(__x86_64__)
    uint32_t before = _mm_getcsr();
    _mm_setcsr(before | 0x8040);
    return before;
#else
    return 0;
#endif
}

ALWAYS_INLINE void restore_denormals(uint32_t before) {
#if defined(__x86_64__)
    _mm_setcsr(before);
#else
    (void)before;
#endif
}

#endif
