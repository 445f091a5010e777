/*
 * The two products of attention over one page, and the softmax between them, in register tiles of up
 * to TILE_QUERIES queries; attention.c has the notation and the order of arithmetic.
 *
 * A tile is queries x 2 vectors (x 4 for three queries and fewer): on AVX2 a step of six queries is
 * one or two loads and six broadcasts for 12 FMAs, whose 12 chains hide an FMA's latency of 4. bf16
 * is widened in registers: of a vector of pairs, one shift makes the even elements and one mask the
 * odd ones, on ports that FMAs do not need. Stores put them back in order.
 *
 * What did not help, on two Zen 3 cores: two steps per turn of a loop (+5 % with a busy neighbour on
 * the core, -11 % without); seven queries x 2 vectors with one of them read by the FMAs (f32 +3 %;
 * bf16, widened through memory for it, half the speed); fetching into the second-level cache instead
 * of the first (nothing). Not fetching ahead at all halves the speed. Two steps per turn whose order
 * inline assembly keeps (2.05 instructions an FMA instead of 2.75): 0.98 to 1.02 of the time, so the
 * front end is not the bottleneck. Fetching the weights of the next linear layers as well, since
 * attention leaves memory idle: 26 ms instead of 17 for 3 ms less in those layers (0.5B int4, 16,384
 * positions). All queries before the next 32 columns, so that 4 KiB of a page stay in first-level cache:
 * bf16 0.97 to 1.01 of the time, f32 1.05. Keys, values, queries and weights as 16-bit integers with a
 * scale for each position, summed exactly by vpmaddwd: 0.88 of the time from cache, but 0.97 to 1.08 from
 * memory at 0.5B and 16,384 positions, 1.07 at 1.5B, where memory is the bottleneck (its error was 1/20
 * of bf16's). Prefetching each cache line once instead of three times: 1.05 to 1.15. Prefetching a page
 * ahead, or into the second-level cache: 1.03 to 1.07.
 */
#ifndef LH_ATTENTION_TILES_H
#define LH_ATTENTION_TILES_H

#include "kv.h"
#include "lanes.h"

#define TILE_QUERIES 6
#define PAIR (2 * W) /* elements of two vectors */
#define MASKED (-INFINITY)

/*
 * Running softmax of one query: max, sum of weights, and head_dim mixed values. For bf16 the values are
 * in the order of load_pair: in each pair of vectors, even elements first.
 */
typedef struct {
    float max;
    float sum;
    float mixed[];
} partial;

/* 2 W consecutive elements; for bf16, `a` has the even and `b` the odd ones. */
typedef struct {
    vf a;
    vf b;
} pair;

typedef vi32 vi32_unaligned __attribute__((aligned(2), may_alias));

ALWAYS_INLINE vf v_from_int8(const int8_t *p) {
#if defined(LH_ISA_AVX512)
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)p)));
#elif defined(LH_ISA_AVX2)
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)p)));
#else
    vf wide;
    for (int i = 0; i < W; i++) {
        wide[i] = p[i];
    }
    return wide;
#endif
}

/* Bytes of an element of a tile. */
ALWAYS_INLINE int64_t kv_bytes(int32_t dtype) {
    return dtype == LH_F32 ? 4 : dtype == LH_INT8 ? 1 : 2;
}

ALWAYS_INLINE pair load_pair(const char *base, int32_t dtype, int64_t at) {
    if (dtype == LH_F32) {
        const float *from = (const float *)base + at;
        return (pair){v_load(from), v_load(from + W)};
    }
    if (dtype == LH_INT8) {
        const int8_t *from = (const int8_t *)base + at;
        return (pair){v_from_int8(from), v_from_int8(from + W)};
    }
    vi32 words = *(const vi32_unaligned *)((const uint16_t *)base + at);
    return (pair){(vf)(words << 16), (vf)(words & (int32_t)0xffff0000)};
}

/* One vector, in order. */
ALWAYS_INLINE vf load_vector(const char *base, int32_t dtype, int64_t at) {
    return dtype == LH_INT8 ? v_from_int8((const int8_t *)base + at) : v_widen(base, dtype, at);
}

ALWAYS_INLINE float load_element(const char *base, int32_t dtype, int64_t at) {
    return dtype == LH_INT8 ? ((const int8_t *)base)[at] : element_to_f32(base, dtype, at);
}

/* Even and odd elements back in the order of memory. */
ALWAYS_INLINE pair interleaved(pair p) {
#if defined(LH_ISA_AVX512)
    const vi32 low = {0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23};
    return (pair){_mm512_permutex2var_ps(p.a, (__m512i)low, p.b),
                  _mm512_permutex2var_ps(p.a, (__m512i)(low + 8), p.b)};
#elif defined(LH_ISA_AVX2)
    vf low = _mm256_unpacklo_ps(p.a, p.b);
    vf high = _mm256_unpackhi_ps(p.a, p.b);
    return (pair){_mm256_permute2f128_ps(low, high, 0x20), _mm256_permute2f128_ps(low, high, 0x31)};
#else
    return (pair){{p.a[0], p.b[0], p.a[1], p.b[1]}, {p.a[2], p.b[2], p.a[3], p.b[3]}};
#endif
}

ALWAYS_INLINE void store_pair(float *to, int32_t dtype, pair p) {
    pair ordered = dtype == LH_BF16 ? interleaved(p) : p;
    v_store(to, ordered.a);
    v_store(to + W, ordered.b);
}

ALWAYS_INLINE float lane_max(vf v) {
#if defined(LH_ISA_AVX512)
    return _mm512_reduce_max_ps(v);
#elif defined(LH_ISA_AVX2)
    __m128 four = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return two[0] > two[1] ? two[0] : two[1];
#else
    float max = v[0];
    for (int i = 1; i < W; i++) {
        max = v[i] > max ? v[i] : max;
    }
    return max;
#endif
}

/*
 * Memory to be fetched while something else is computed. The tiles of a page are read in stripes,
 * which hardware prefetchers do not follow. Requests are spread evenly over the steps of the loops
 * below: in a burst they would fill the queue of misses and hold up the loads behind them.
 */
typedef struct {
    const char *next;
    size_t bytes_per_step;
} fetch_ahead;

ALWAYS_INLINE void fetch(fetch_ahead *ahead) {
    __builtin_prefetch(ahead->next);
    ahead->next += ahead->bytes_per_step;
}

/* Queries of the next tile, of those that remain; 7 are split 4 and 3, not 6 and 1. */
static inline int32_t tile_count(int32_t queries) {
    return queries == 7 ? 4 : queries < TILE_QUERIES ? queries : TILE_QUERIES;
}

/*
 * Keeps the compiler from moving later statements before this one: 12 sums, a pair and one broadcast fill
 * the 16 registers of AVX2, and loading the next pair early would spill a sum.
 */
#if defined(LH_ISA_AVX2)
#define IN_TURN(sum, pointer, other) __asm__("" : "+x"(sum), "+r"(pointer), "+r"(other))
#else
#define IN_TURN(sum, pointer, other) ((void)0)
#endif

/* Pairs side by side in a tile. */
ALWAYS_INLINE int tile_pairs(int count) { return count <= 3 ? 2 : 1; }

/* sums[q, c] += factors[q * stride] * elements[c], for the columns c of `pairs` pairs */
ALWAYS_INLINE void tile_step(pair sums[][2], const float **factors, int32_t stride,
                             const char **elements, int32_t dtype, int count, int pairs) {
    for (int p = 0; p < pairs; p++) {
        pair element = load_pair(*elements, dtype, p * PAIR);
        for (int q = 0; q < count; q++) {
            vf factor = v_set1((*factors)[q * stride]);
            sums[q][p].a = v_fma(factor, element.a, sums[q][p].a);
            sums[q][p].b = v_fma(factor, element.b, sums[q][p].b);
        }
        if (dtype == LH_BF16 && pairs == 2) {
            IN_TURN(sums[count - 1][p].b, *elements, *factors);
        }
    }
}

/*
 * scores[q, c..] = sum_d queries[d, q] keys[d, c..] for the columns of `pairs` pairs; queries is
 * transposed, [D, stride].
 */
ALWAYS_INLINE void score_tile(const float *queries, int64_t stride, const char *keys, int32_t dtype,
                              int32_t dim, float *scores, fetch_ahead *ahead, int count, int pairs) {
    pair sums[TILE_QUERIES][2];
    for (int q = 0; q < count; q++) {
        for (int p = 0; p < pairs; p++) {
            sums[q][p] = (pair){v_zero(), v_zero()};
        }
    }
    for (int32_t d = 0; d < dim; d++) {
        fetch(ahead);
        tile_step(sums, &queries, 1, &keys, dtype, count, pairs);
        keys += P * kv_bytes(dtype);
        queries += stride;
    }
    for (int q = 0; q < count; q++) {
        for (int p = 0; p < pairs; p++) {
            store_pair(scores + q * P + p * PAIR, dtype, sums[q][p]);
        }
    }
}

/*
 * Turns the 64 scores of each query, in base 2, into weights against its new running maximum; `shrink`
 * receives the factors for the old sums. Scores before hidden[q] and from valid[q] on are masked.
 * Queries are interleaved: an exponential is a chain of a dozen dependent operations, and the chains
 * hide each other's latency.
 */
ALWAYS_INLINE void weigh(float *scores, const int32_t *hidden, const int32_t *valid,
                         partial *const *running, float *shrink, int count) {
    vf sums[TILE_QUERIES][NV];
    float new_max[TILE_QUERIES];
    float step[LANES] = {0};
    for (int q = 0; q < count; q++) {
        vf max = v_set1(running[q]->max);
        for (int32_t i = 0; i < hidden[q]; i++) {
            scores[q * P + i] = MASKED;
        }
        for (int32_t i = valid[q]; i < P; i++) {
            scores[q * P + i] = MASKED;
        }
        for (int32_t i = 0; i < P; i += W) {
            max = v_max(max, v_load(scores + q * P + i));
        }
        new_max[q] = lane_max(max);
        step[q] = running[q]->max - new_max[q];
        for (int v = 0; v < NV; v++) {
            sums[q][v] = v_zero();
        }
    }
    for (int32_t i = 0; i < P; i += LANES) {
        for (int v = 0; v < NV; v++) {
            for (int q = 0; q < count; q++) {
                float *at = scores + q * P + i + v * W;
                vf weight = v_exp2(v_load(at) - v_set1(new_max[q]));
                v_store(at, weight);
                sums[q][v] += weight;
            }
        }
    }
    for (int i = 0; i < count; i += W) {
        v_store(step + i, v_exp2(v_load(step + i)));
    }
    for (int q = 0; q < count; q++) {
        shrink[q] = step[q];
        running[q]->sum = running[q]->sum * shrink[q] + lane_sum(sums[q]);
        running[q]->max = new_max[q];
    }
}

/* mixed[q, c..] = mixed * shrink[q] + sum_j weights[q, j] values[j, c..] for `pairs` pairs */
ALWAYS_INLINE void mix_tile(partial *const *running, int32_t c, const float *shrink,
                            const float *weights, const char *values, int32_t dtype, int32_t dim,
                            int32_t positions, fetch_ahead *ahead, int count, int pairs) {
    pair sums[TILE_QUERIES][2];
    values += c * kv_bytes(dtype);
    for (int q = 0; q < count; q++) {
        for (int p = 0; p < pairs; p++) {
            const float *mixed = running[q]->mixed + c + p * PAIR;
            vf factor = v_set1(shrink[q]);
            sums[q][p] = (pair){v_load(mixed) * factor, v_load(mixed + W) * factor};
        }
    }
    for (int32_t j = 0; j < positions; j++) {
        fetch(ahead);
        tile_step(sums, &weights, P, &values, dtype, count, pairs);
        values += dim * kv_bytes(dtype);
        weights++;
    }
    for (int q = 0; q < count; q++) {
        for (int p = 0; p < pairs; p++) {
            float *mixed = running[q]->mixed + c + p * PAIR;
            v_store(mixed, sums[q][p].a);
            v_store(mixed + W, sums[q][p].b);
        }
    }
}

/* mix_tile for the columns from c to `end`, which fill no pair: head sizes that are not a multiple of
 * PAIR. */
ALWAYS_INLINE void mix_rest(partial *const *running, int32_t c, int32_t end, const float *shrink,
                            const float *weights, const char *values, int32_t dtype, int32_t dim,
                            int32_t positions, int count) {
    for (int q = 0; q < count; q++) {
        int32_t column = c;
        for (; column + W <= end; column += W) {
            vf sum = v_load(running[q]->mixed + column) * v_set1(shrink[q]);
            for (int32_t j = 0; j < positions; j++) {
                vf value = load_vector(values, dtype, (int64_t)j * dim + column);
                sum = v_fma(v_set1(weights[q * P + j]), value, sum);
            }
            v_store(running[q]->mixed + column, sum);
        }
        for (; column < end; column++) {
            float sum = running[q]->mixed[column] * shrink[q];
            for (int32_t j = 0; j < positions; j++) {
                float value = load_element(values, dtype, (int64_t)j * dim + column);
                sum += weights[q * P + j] * value;
            }
            running[q]->mixed[column] = sum;
        }
    }
}

/* Mixes the columns from c to `end` with the same weights. */
ALWAYS_INLINE void mix_columns(partial *const *running, int32_t c, int32_t end, const float *shrink,
                               const float *weights, const char *values, int32_t dtype, int32_t dim,
                               int32_t positions, fetch_ahead *ahead, int count) {
    int wide = tile_pairs(count);
    for (; c + wide * PAIR <= end; c += wide * PAIR) {
        mix_tile(running, c, shrink, weights, values, dtype, dim, positions, ahead, count, wide);
    }
    for (; c + PAIR <= end; c += PAIR) {
        mix_tile(running, c, shrink, weights, values, dtype, dim, positions, ahead, count, 1);
    }
    mix_rest(running, c, end, shrink, weights, values, dtype, dim, positions, count);
}

/* Mixes int8 values: for each group of dimensions, a position's scale is multiplied into its weight. */
ALWAYS_INLINE void mix_int8(partial *const *running, const float *shrink, const float *weights,
                            const char *values, const uint16_t *scales, int32_t dim,
                            int32_t positions, fetch_ahead *ahead, int count) {
    for (int32_t c = 0; c < dim; c += VALUE_GROUP) {
        float scaled[TILE_QUERIES * P];
        for (int32_t j = 0; j < P; j += W) {
            vf scale = v_widen(scales + c / VALUE_GROUP * P, LH_BF16, j);
            for (int q = 0; q < count; q++) {
                v_store(scaled + q * P + j, v_load(weights + q * P + j) * scale);
            }
        }
        int32_t end = c + VALUE_GROUP < dim ? c + VALUE_GROUP : dim;
        mix_columns(running, c, end, shrink, scaled, values, LH_INT8, dim, positions, ahead, count);
    }
}

#endif
