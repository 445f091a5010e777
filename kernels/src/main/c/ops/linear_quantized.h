/*
 * Quantised weights times rows of x rounded to 16 bits, see linear.c, quantized.h and rounded_x.h.
 *
 * For each output, the sum over a group of 32 inputs is an exact integer, and the groups are added in one
 * chain of fused multiply-adds: sum = fma(float(integers), scale_w * scale_x, sum). Groups of 16 weights
 * are two links of the chain, and a minimum is one more, fma(float(sum of x), minimum * scale_x, sum). Its
 * bits depend on nothing else, so few rows and many, and every instruction set with FMA, agree.
 *
 * Few rows: weights go from memory through one shift and one mask into multiplications, and the zero
 * costs its product with the sum of x, once a group. Per 16 rows and 32 inputs that is 64 products and
 * additions and 32 (int8) or 48 shifts and masks of 32 bytes on AVX2, so one core at 3 GHz can take in
 * some 17 GB/s of int4: the memory is the limit. Many rows: PANEL_ROWS x 16 outputs in registers over
 * panels of integers less their zeros; each product and addition of AVX2 does 16 multiply-adds where
 * FMA does 8.
 *
 * Tried, linear layers of the 0.5B shape on two Zen 3 cores with AVX2 in alternation, the whole machine
 * shared, so best (median) of many; before, weights were widened to f32 and x was not rounded:
 *   one row, GB/s of weights         1 thread: int8, int4      2 threads: int8, int4
 *     widened to f32                  7.2 (7.1), 4.2 (4.1)
 *     this, compiler's order         13.7 (12.6), 10.8 (10.1)
 *     kept order of additions        12.9 (11.9), 10.7 (9.5)   20.1 (17.1), 17.7 (12.5)
 *     no prefetch                    10.4 (9.9), 9.3 (7.8)     11.8 (9.4), 9.0 (8.0)
 *     2 KiB ahead, not 1                                       18.8 (16.2), 19.2 (11.9)
 *     4 KiB ahead                    12.7 (11.1), 12.4 (10.4)  19.3 (16.0), 19.0 (14.7)
 *     a plain sum over the memory    13.8 (13.7)               20.1 (19.9)
 *   96 to 256 rows, 10^9 multiply-adds a second on 1 thread
 *     widened to f32                 25 (25)
 *     this, 4 rows x 16 outputs      55 (53); busy machine 35 (32)
 *     6 rows x 16 outputs            busy machine 38 (36)
 *     panels of 8 groups, not 16     no difference seen
 */
#ifndef LH_LINEAR_QUANTIZED_H
#define LH_LINEAR_QUANTIZED_H

#include "linear_stream.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define QUANTIZED_ROWS 4           /* of a register tile of few rows: 4 x 16 outputs */
#define QUANTIZED_STREAM_GROUPS 16 /* of weights that stay in first-level cache for all rows */

/* 16-bit lanes: two consecutive lanes per row, W rows. */
typedef uint16_t vu16 __attribute__((vector_size(4 * W)));
typedef vu16 vu16_unaligned __attribute__((aligned(4), may_alias));

ALWAYS_INLINE vu16 v_load16(const void *p) { return *(const vu16_unaligned *)p; }

/* Broadcasts two inputs of x to every row's lanes. */
ALWAYS_INLINE vu16 v_pair(const int16_t *x) {
    int32_t pair;
    memcpy(&pair, x, 4);
    return (vu16)((vi32){0} + pair);
}

/*
 * Adds the products of the signed lanes to `sum`, two per row. The empty statement keeps the order of
 * additions: otherwise the compiler computes all products first and spills them. VNNI takes one
 * instruction, with the same result, since integers are exact.
 */
ALWAYS_INLINE vi32 v_add_dot2(vi32 sum, vu16 a, vu16 b) {
#if defined(LH_ISA_AVX512) && defined(LH_VNNI)
    sum = (vi32)_mm512_dpwssd_epi32((__m512i)sum, (__m512i)a, (__m512i)b);
    __asm__("" : "+v"(sum));
#elif defined(LH_ISA_AVX512)
    sum += (vi32)_mm512_madd_epi16((__m512i)a, (__m512i)b);
    __asm__("" : "+v"(sum));
#elif defined(LH_ISA_AVX2) && defined(LH_VNNI)
    sum = (vi32)_mm256_dpwssd_avx_epi32((__m256i)sum, (__m256i)a, (__m256i)b);
    __asm__("" : "+x"(sum));
#elif defined(LH_ISA_AVX2)
    sum += (vi32)_mm256_madd_epi16((__m256i)a, (__m256i)b);
    __asm__("" : "+x"(sum));
#elif defined(__SSE2__)
    sum += (vi32)_mm_madd_epi16((__m128i)a, (__m128i)b);
    __asm__("" : "+x"(sum));
#else
    vi32 low_a = (vi32)a << 16 >> 16, low_b = (vi32)b << 16 >> 16;
    sum += low_a * low_b + ((vi32)a >> 16) * ((vi32)b >> 16);
#endif
    return sum;
}

/* The weights 2 j and 2 j + 1 of every row's word; the last ones need no mask. */
ALWAYS_INLINE vu16 unpacked(vu16 words, int32_t bits, int32_t j) {
    vu16 weights = words >> (bits * j);
    return bits * (j + 1) == 16 ? weights : weights & (uint16_t)((1 << bits) - 1);
}

ALWAYS_INLINE vf v_float(vi32 a) { return __builtin_convertvector(a, vf); }

/* Writes one row's sums of a tile, which begins at `output` of the slice. */
ALWAYS_INLINE void put_tile(const linear_job *job, const linear_slice *slice, int32_t row,
                            int32_t output, const float *sums) {
    int32_t count = slice->count - output;
    if (count < TILE) {
        for (int32_t o = 0; o < count; o++) {
            put(job, slice, row, output + o, sums[o]);
        }
        return;
    }
    const float *bias = slice->matrix->bias;
    float *out = job->out + (int64_t)row * job->out_width + slice->column + output;
    for (int o = 0; o < TILE; o += W) {
        vf sum = v_load(sums + o);
        if (bias != NULL) {
            sum = sum + v_load(bias + slice->first + output + o);
        }
        v_store(out + o, job->accumulate ? (vf)(v_load(out + o) + sum) : sum);
    }
}

/* Adds a part of group g of a tile for `rows` rows, with weights straight from memory. */
ALWAYS_INLINE void stream_part(const char *tile, int32_t dtype, const rounded_x *x, int64_t row,
                               int64_t g, int part, int32_t rows, vf (*sums)[NV]) {
    int32_t bits = bits_of(dtype);
    int parts = parts_of(dtype);
    int first = part * GROUP / parts;
    const char *chunk = chunks_of(tile, dtype, g) + first * bits / 32 * CHUNK_BYTES;
    vi32 integers[QUANTIZED_ROWS][NV];
    for (int r = 0; r < rows; r++) {
        int32_t sum = has_minima(dtype) ? 0 : sum_of(x, row + r, g, part, parts);
        for (int v = 0; v < NV; v++) {
            integers[r][v] = has_zeros(dtype) ? -sum * v_zeros(tile, dtype, g, v)
                                              : (vi32){0} - middle_of(dtype) * sum;
        }
    }
    for (int k = first; k < first + GROUP / parts; k += 32 / bits) {
        vu16 words[NV];
        for (int v = 0; v < NV; v++) {
            words[v] = v_load16(chunk + 4 * v * W);
        }
        for (int j = 0; j < 16 / bits; j++) {
            for (int r = 0; r < rows; r++) {
                const int16_t *xs = x->x + ((row + r) * x->groups + g) * GROUP;
                vu16 pair = v_pair(xs + k + 2 * j);
                for (int v = 0; v < NV; v++) {
                    vu16 weights = unpacked(words[v], bits, j);
                    integers[r][v] = v_add_dot2(integers[r][v], weights, pair);
                }
            }
        }
        chunk += CHUNK_BYTES;
    }
    for (int v = 0; v < NV; v++) {
        vf scales = v_scales(tile, dtype, g, part, v);
        for (int r = 0; r < rows; r++) {
            vf scale = scales * v_set1(x->scales[(row + r) * x->groups + g]);
            sums[r][v] = v_fma(v_float(integers[r][v]), scale, sums[r][v]);
        }
    }
}

/* Adds the minima of group g of a tile, times the sums of x. */
ALWAYS_INLINE void stream_minima(const char *tile, int32_t dtype, const rounded_x *x, int64_t row,
                                 int64_t g, int32_t rows, vf (*sums)[NV]) {
    for (int v = 0; v < NV; v++) {
        vf minima = v_minima(tile, dtype, g, v);
        for (int r = 0; r < rows; r++) {
            vf scale = minima * v_set1(x->scales[(row + r) * x->groups + g]);
            vf sum = v_set1((float)sum_of(x, row + r, g, 0, 1));
            sums[r][v] = v_fma(sum, scale, sums[r][v]);
        }
    }
}

/* Adds group g of a tile. */
ALWAYS_INLINE void stream_group(const char *tile, int32_t dtype, const rounded_x *x, int64_t row,
                                int64_t g, int32_t rows, vf (*sums)[NV]) {
    for (int part = 0; part < parts_of(dtype); part++) {
        stream_part(tile, dtype, x, row, g, part, rows, sums);
    }
    if (has_minima(dtype)) {
        stream_minima(tile, dtype, x, row, g, rows, sums);
    }
}

/* The prefetch distance for weights, see above. */
ALWAYS_INLINE int64_t bytes_ahead(int32_t dtype) { return bits_of(dtype) == 8 ? 1024 : 4096; }

/*
 * Prefetches what follows group g: as many bytes as its chunks, or, where headers are long, as its share
 * of a block.
 */
ALWAYS_INLINE void prefetch_ahead(const char *tile, int32_t dtype, int64_t g) {
    int64_t groups = block_of(dtype) / GROUP;
    int64_t share = block_bytes(dtype) / groups;
    const char *ahead = is_nested(dtype) ? block_with(tile, dtype, g) + g % groups * share
                                         : chunks_of(tile, dtype, g);
    int64_t bytes = is_nested(dtype) ? share : group_bytes(dtype);
    for (int64_t i = 0; i < bytes; i += 64) {
        __builtin_prefetch(ahead + bytes_ahead(dtype) + i, 0, 0);
    }
}

/* Continues the sums of a tile with groups g to `end`. */
ALWAYS_INLINE void stream_groups(const char *tile, int32_t dtype, const rounded_x *x, int64_t row,
                                 int64_t g, int64_t end, int32_t rows, float (*at)[TILE]) {
    vf sums[QUANTIZED_ROWS][NV];
    for (int r = 0; r < rows; r++) {
        for (int v = 0; v < NV; v++) {
            sums[r][v] = v_load(at[r] + v * W);
        }
    }
    for (; g < end; g++) {
        prefetch_ahead(tile, dtype, g);
        stream_group(tile, dtype, x, row, g, rows, sums);
    }
    for (int r = 0; r < rows; r++) {
        for (int v = 0; v < NV; v++) {
            v_store(at[r] + v * W, sums[r][v]);
        }
    }
}

ALWAYS_INLINE void stream_quantized_tile(const char *tile, int32_t dtype, const rounded_x *x,
                                         int32_t rows, float (*sums)[TILE]) {
    for (int64_t g = 0; g < x->groups; g += QUANTIZED_STREAM_GROUPS) {
        int64_t left = x->groups - g;
        int64_t end = g + (left < QUANTIZED_STREAM_GROUPS ? left : QUANTIZED_STREAM_GROUPS);
        int32_t row = 0;
        for (; row + 4 <= rows; row += 4) {
            stream_groups(tile, dtype, x, row, g, end, 4, sums + row);
        }
        switch (rows - row) {
            case 3: stream_groups(tile, dtype, x, row, g, end, 3, sums + row); break;
            case 2: stream_groups(tile, dtype, x, row, g, end, 2, sums + row); break;
            case 1: stream_groups(tile, dtype, x, row, g, end, 1, sums + row); break;
        }
    }
}

static void stream_quantized_any(const char *tile, int32_t dtype, const rounded_x *x, int32_t rows,
                                 float (*sums)[TILE]) {
#define STREAM_CASE(format, ...)                                                                   \
    case format: stream_quantized_tile(tile, format, x, rows, sums); break;
    switch (dtype) { QUANTIZED_FORMATS(STREAM_CASE) }
#undef STREAM_CASE
}

static void stream_quantized_task(const linear_job *job, const linear_slice *slice) {
    stream_changes changes = changes_of(job, slice);
    int64_t bytes = tile_bytes(slice->matrix->dtype, job->inputs);
    for (int32_t output = 0; output < slice->count; output += TILE) {
        const char *tile =
            (const char *)slice->matrix->weights + (slice->first + output) / TILE * bytes;
        float sums[STREAM_ROWS][TILE] = {{0}};
        stream_quantized_any(tile, slice->matrix->dtype, &job->rounded, job->rows, sums);
        for (int32_t r = 0; r < job->rows; r++) {
            int32_t count = changes.any && changes.change[r].rank > 0 ? slice->count - output : 0;
            for (int32_t o = 0; o < least(count, TILE); o++) {
                vf lanes[NV] = {0};
                await_shrinks(job);
                extend_any(&changes.change[r], slice->first + output + o, lanes);
                sums[r][o] += lane_sum(lanes);
            }
            put_tile(job, slice, r, output, sums[r]);
        }
    }
}

#endif
