/*
 * The register tile of the products of training: TILE_ROWS x TILE_WIDTH sums of a product A B, each one
 * chain of fused multiply-adds in ascending depth. A and B are read with strides, so that packed panels
 * and rows in place take the same code.
 *
 * Of 32 registers of AVX-512 the sums take 24 and B takes 2; of 16 of AVX2 12 and 2; A is broadcast from
 * memory.
 */
#ifndef LH_PRODUCT_H
#define LH_PRODUCT_H

#include "lanes.h"

#if W == 16
#define TILE_ROWS 12
#elif W == 8
#define TILE_ROWS 6
#else
#define TILE_ROWS 4
#endif
#define TILE_VECTORS 2
#define TILE_WIDTH (TILE_VECTORS * W)

/* A matrix of floats, or its transpose: element (row, column) is at row * rows + column * columns. */
typedef struct {
    const float *data;
    int64_t rows;
    int64_t columns;
} strided;

ALWAYS_INLINE strided strided_at(strided m, int64_t row, int64_t column) {
    m.data += row * m.rows + column * m.columns;
    return m;
}

/* sum + a b in every lane; of pairs, sum + a1 b1 + a0 b0 with two fused multiply-adds, a1 b1 first. */
ALWAYS_INLINE vf multiply_add(vf a, vf b, vf sum, int pairs) {
#if defined(LH_BF16_DOT)
    if (pairs) {
        return _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)b);
    }
#endif
    (void)pairs;
    return v_fma(a, b, sum);
}

/*
 * The sums of one tile; b has TILE_WIDTH columns side by side. Pass strides of 1 and `pairs` as constants:
 * whether an element of a and b is a pair of bf16 numbers (product_bf16.h).
 */
ALWAYS_INLINE void tile_sums(int64_t depth, strided a, const float *b, int64_t b_stride, int pairs,
                             vf sums[TILE_ROWS][TILE_VECTORS]) {
    for (int r = 0; r < TILE_ROWS; r++) {
        for (int v = 0; v < TILE_VECTORS; v++) {
            sums[r][v] = v_zero();
        }
    }
    for (int64_t k = 0; k < depth; k++) {
        vf columns[TILE_VECTORS];
        for (int v = 0; v < TILE_VECTORS; v++) {
            columns[v] = v_load_once(b + k * b_stride + v * W);
        }
        for (int r = 0; r < TILE_ROWS; r++) {
            vf row = v_set1(a.data[r * a.rows + k * a.columns]);
            for (int v = 0; v < TILE_VECTORS; v++) {
                sums[r][v] = multiply_add(row, columns[v], sums[r][v], pairs);
            }
        }
    }
}

#endif
