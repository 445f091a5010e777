/*
 * AVX-512 for processors without: the intrinsics that the kernels use, in plain C over vectors of 64
 * bytes, lane by lane as Intel's guide has them. Slow, and says nothing about speed; it shows that what
 * the kernels do with 16 lanes is right. build.sh beside it uses it.
 */
#ifndef LH_EMULATED_IMMINTRIN_H
#define LH_EMULATED_IMMINTRIN_H

#include_next <immintrin.h>

typedef int32_t emulated_i32 __attribute__((vector_size(64)));
typedef int16_t emulated_i16 __attribute__((vector_size(64)));

#define EMULATED static inline __attribute__((always_inline))

EMULATED __m512 emulated_set1_ps(float x) { return (__m512){0} + x; }

EMULATED __m512 emulated_fmadd_ps(__m512 a, __m512 b, __m512 c) {
    for (int i = 0; i < 16; i++) {
        c[i] = __builtin_fmaf(a[i], b[i], c[i]);
    }
    return c;
}

/* The second one if they are equal or one is NaN. */
EMULATED __m512 emulated_max_ps(__m512 a, __m512 b) {
    for (int i = 0; i < 16; i++) {
        b[i] = a[i] > b[i] ? a[i] : b[i];
    }
    return b;
}

EMULATED float emulated_reduce_max_ps(__m512 a) {
    float max = a[0];
    for (int i = 1; i < 16; i++) {
        max = a[i] > max ? a[i] : max;
    }
    return max;
}

EMULATED __m512i emulated_cvtepi8_epi32(__m128i a) {
    emulated_i32 wide;
    for (int i = 0; i < 16; i++) {
        wide[i] = ((__v16qs)a)[i];
    }
    return (__m512i)wide;
}

EMULATED __m512i emulated_cvtepu16_epi32(__m256i a) {
    emulated_i32 wide;
    for (int i = 0; i < 16; i++) {
        wide[i] = ((__v16hu)a)[i];
    }
    return (__m512i)wide;
}

EMULATED __m512 emulated_cvtepi32_ps(__m512i a) {
    return __builtin_convertvector((emulated_i32)a, __m512);
}

EMULATED __m512 emulated_cvtph_ps(__m256i a) {
    __m256 low = _mm256_cvtph_ps(_mm256_castsi256_si128(a));
    __m256 high = _mm256_cvtph_ps(_mm256_extracti128_si256(a, 1));
    __m512 wide;
    for (int i = 0; i < 8; i++) {
        wide[i] = low[i];
        wide[i + 8] = high[i];
    }
    return wide;
}

EMULATED __m512i emulated_slli_epi32(__m512i a, unsigned bits) {
    return (__m512i)((emulated_i32)a << (int)bits);
}

EMULATED __m256 emulated_half(__m512 a, int half) {
    __m256 part;
    for (int i = 0; i < 8; i++) {
        part[i] = a[8 * half + i];
    }
    return part;
}

EMULATED __m512 emulated_permutex2var_ps(__m512 a, __m512i indices, __m512 b) {
    __m512 out;
    for (int i = 0; i < 16; i++) {
        int index = ((emulated_i32)indices)[i];
        out[i] = index & 16 ? b[index & 15] : a[index & 15];
    }
    return out;
}

EMULATED __m512i emulated_madd_epi16(__m512i a, __m512i b) {
    emulated_i32 sums;
    for (int i = 0; i < 16; i++) {
        sums[i] = ((emulated_i16)a)[2 * i] * ((emulated_i16)b)[2 * i]
                  + ((emulated_i16)a)[2 * i + 1] * ((emulated_i16)b)[2 * i + 1];
    }
    return (__m512i)sums;
}

EMULATED __m512i emulated_dpwssd_epi32(__m512i sum, __m512i a, __m512i b) {
    return (__m512i)((emulated_i32)sum + (emulated_i32)emulated_madd_epi16(a, b));
}

#define _mm512_set1_ps emulated_set1_ps
#define _mm512_fmadd_ps emulated_fmadd_ps
#define _mm512_max_ps emulated_max_ps
#define _mm512_reduce_max_ps emulated_reduce_max_ps
#define _mm512_cvtepi8_epi32 emulated_cvtepi8_epi32
#define _mm512_cvtepu16_epi32 emulated_cvtepu16_epi32
#define _mm512_cvtepi32_ps emulated_cvtepi32_ps
#define _mm512_cvtph_ps emulated_cvtph_ps
#define _mm512_slli_epi32 emulated_slli_epi32
#define _mm512_castps512_ps256(a) emulated_half(a, 0)
#define _mm512_extractf32x8_ps emulated_half
#define _mm512_permutex2var_ps emulated_permutex2var_ps
#define _mm512_madd_epi16 emulated_madd_epi16
#define _mm512_dpwssd_epi32 emulated_dpwssd_epi32

/* The kernels' empty statements keep values in registers of 64 bytes, which are not there. */
#define __asm__(...) ((void)0)

#endif
