/*
 * Weights as linear layers read them: dense, or quantised in groups of 32.
 *
 * A quantised row is a sequence of blocks of 64 weights, the last one padded with zeros, each two bf16
 * scales and then 64 integers q: int8, -127..127, as they are (68 bytes, 8.5 bits a weight), or int4,
 * -8..7 stored as q + 8 (36 bytes, 4.5 bits): byte i of the 16 of a group holds weight i in its lower
 * half and weight 16 + i in its upper half. A weight is scale * q.
 *
 * Scale times q has at most 8 + 8 bits, so the product is exact in f32, and a quantised matrix gives
 * the bits of the f32 matrix of its values: sums, lanes and adapters are those of dense weights. The
 * scales are bf16 because one load broadcasts a pair of them and one shift or mask widens each; an
 * f16 costs three shuffles, and would be subnormal for weights below 0.008.
 */
#ifndef LH_QUANTIZED_H
#define LH_QUANTIZED_H

#include "lanes.h"

#define GROUP 32
#define BLOCK 64
#define BLOCK_SCALES_BYTES 4

ALWAYS_INLINE int is_quantized(int32_t dtype) { return dtype == LH_INT8 || dtype == LH_INT4; }

/* Weights that are widened together: a block, or what fills the lanes once. */
ALWAYS_INLINE int64_t step_of(int32_t dtype) { return is_quantized(dtype) ? BLOCK : LANES; }

ALWAYS_INLINE int64_t step_bytes(int32_t dtype) {
    switch (dtype) {
        case LH_INT8: return BLOCK_SCALES_BYTES + BLOCK;
        case LH_INT4: return BLOCK_SCALES_BYTES + BLOCK / 2;
        default: return LANES * dtype_bytes(dtype);
    }
}

/* From one row of a matrix to the next. */
ALWAYS_INLINE int64_t row_bytes(int32_t dtype, int64_t inputs) {
    return is_quantized(dtype) ? (inputs + BLOCK - 1) / BLOCK * step_bytes(dtype)
                               : inputs * dtype_bytes(dtype);
}

ALWAYS_INLINE float weight_to_f32(const char *row, int32_t dtype, int64_t index) {
    if (!is_quantized(dtype)) {
        return element_to_f32(row, dtype, index);
    }
    const char *block = row + index / BLOCK * step_bytes(dtype);
    int64_t i = index % GROUP;
    int64_t group = index % BLOCK / GROUP;
    uint16_t scale;
    memcpy(&scale, block + 2 * group, 2);
    const char *q = block + BLOCK_SCALES_BYTES;
    if (dtype == LH_INT8) {
        return bf16_to_f32(scale) * (float)(signed char)q[group * GROUP + i];
    }
    int32_t pair = (unsigned char)q[group * (GROUP / 2) + i % (GROUP / 2)];
    return bf16_to_f32(scale) * (float)((i < GROUP / 2 ? pair & 15 : pair >> 4) - 8);
}

/* The scale of the group of weight i of a block, in every lane. */
ALWAYS_INLINE vf v_scale(const char *block, int64_t i) {
    int32_t pair;
    memcpy(&pair, block, 4);
    vi32 both = (vi32){0} + pair;
    return (vf)(i < GROUP ? both << 16 : both & (int32_t)0xffff0000);
}

/* W weights from weight i of a step on; dtype and i are constants wherever this is inlined. */
ALWAYS_INLINE vf v_weights(const char *step, int32_t dtype, int64_t i) {
    if (!is_quantized(dtype)) {
        return v_widen(step, dtype, i);
    }
#if defined(LH_ISA_AVX512)
    const char *q = step + BLOCK_SCALES_BYTES;
    if (dtype == LH_INT8) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(q + i));
        return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes)) * v_scale(step, i);
    }
    /* The 16 values of a group are looked up: the permutation reads only the lowest 4 bits. */
    const vf values = {-8, -7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7};
    __m128i bytes = _mm_loadu_si128((const __m128i *)(q + i / GROUP * (GROUP / 2)));
    __m512i pairs = _mm512_cvtepu8_epi32(bytes);
    __m512i index = i % GROUP == 0 ? pairs : _mm512_srli_epi32(pairs, 4);
    return _mm512_permutexvar_ps(index, values * v_scale(step, i));
#elif defined(LH_ISA_AVX2)
    const char *q = step + BLOCK_SCALES_BYTES;
    if (dtype == LH_INT8) {
        __m128i bytes = _mm_loadl_epi64((const __m128i *)(q + i));
        return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes)) * v_scale(step, i);
    }
    __m128i bytes = _mm_loadl_epi64((const __m128i *)(q + i / GROUP * (GROUP / 2) + i % (GROUP / 2)));
    __m256i pairs = _mm256_cvtepu8_epi32(bytes);
    __m256i index = i % GROUP < GROUP / 2 ? _mm256_and_si256(pairs, _mm256_set1_epi32(15))
                                          : _mm256_srli_epi32(pairs, 4);
    vf scale = v_scale(step, i);
    return _mm256_fmadd_ps(_mm256_cvtepi32_ps(index), scale, scale * v_set1(-8)); /* exact */
#else
    vf wide;
    for (int j = 0; j < W; j++) {
        wide[j] = weight_to_f32(step, dtype, i + j);
    }
    return wide;
#endif
}

#endif
