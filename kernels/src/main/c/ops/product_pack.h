/*
 * Panels of products: A as [depth][TILE_ROWS], B as [depth][TILE_WIDTH], both f32 and padded with zeros.
 * B comes from weights in any format: F32, BF16, F16, or quantised as quantized.h lays them out.
 */
#ifndef LH_PRODUCT_PACK_H
#define LH_PRODUCT_PACK_H

#include "product.h"
#include "quantized.h"

typedef float v4 __attribute__((vector_size(16)));
typedef v4 v4_unaligned __attribute__((aligned(4), may_alias));
typedef int32_t v4i __attribute__((vector_size(16)));

ALWAYS_INLINE v4 v4_widen(const void *base, int32_t dtype, int64_t index) {
    if (dtype == LH_F32) {
        return *(const v4_unaligned *)((const float *)base + index);
    }
#if defined(__F16C__)
    if (dtype == LH_F16) {
        return _mm_cvtph_ps(_mm_loadl_epi64((const __m128i *)((const uint16_t *)base + index)));
    }
#endif
    if (dtype == LH_BF16) {
        typedef uint16_t v4u16 __attribute__((vector_size(8), aligned(2), may_alias));
        typedef uint32_t v4u32 __attribute__((vector_size(16)));
        v4u16 bits = *(const v4u16 *)((const uint16_t *)base + index);
        return (v4)(__builtin_convertvector(bits, v4u32) << 16);
    }
    v4 wide;
    for (int i = 0; i < 4; i++) {
        wide[i] = element_to_f32(base, dtype, index + i);
    }
    return wide;
}

/* Transposes four rows of a matrix [*, stride] of any dtype into columns of a panel [depth][width]. */
ALWAYS_INLINE void transpose_rows(const void *from, int32_t dtype, int64_t first, int64_t stride,
                                  int64_t depth, float *panel, int64_t width) {
    int64_t k = 0;
    for (; k + 4 <= depth; k += 4) {
        v4 a = v4_widen(from, dtype, first + k);
        v4 b = v4_widen(from, dtype, first + stride + k);
        v4 c = v4_widen(from, dtype, first + 2 * stride + k);
        v4 d = v4_widen(from, dtype, first + 3 * stride + k);
        v4 ab = __builtin_shuffle(a, b, (v4i){0, 4, 1, 5});
        v4 cd = __builtin_shuffle(c, d, (v4i){0, 4, 1, 5});
        v4 ab_high = __builtin_shuffle(a, b, (v4i){2, 6, 3, 7});
        v4 cd_high = __builtin_shuffle(c, d, (v4i){2, 6, 3, 7});
        float *to = panel + k * width;
        *(v4_unaligned *)to = __builtin_shuffle(ab, cd, (v4i){0, 1, 4, 5});
        *(v4_unaligned *)(to + width) = __builtin_shuffle(ab, cd, (v4i){2, 3, 6, 7});
        *(v4_unaligned *)(to + 2 * width) = __builtin_shuffle(ab_high, cd_high, (v4i){0, 1, 4, 5});
        *(v4_unaligned *)(to + 3 * width) = __builtin_shuffle(ab_high, cd_high, (v4i){2, 3, 6, 7});
    }
    for (int64_t rest = depth % 4; rest > 0; rest--, k++) {
        for (int r = 0; r < 4; r++) {
            panel[k * width + r] = element_to_f32(from, dtype, first + r * stride + k);
        }
    }
}

/* Packs `rows` rows, at most TILE_ROWS, of A. */
static inline void pack_a(strided a, int64_t rows, int64_t depth, float *panel) {
    if (rows < TILE_ROWS) {
        for (int64_t k = 0; k < depth; k++) {
            for (int64_t r = 0; r < TILE_ROWS; r++) {
                panel[k * TILE_ROWS + r] = r < rows ? a.data[r * a.rows + k * a.columns] : 0;
            }
        }
    } else if (a.columns == 1) {
        for (int64_t r = 0; r < TILE_ROWS; r += 4) {
            int64_t row = r + 4 <= TILE_ROWS ? r : TILE_ROWS - 4; /* six rows: 0..3 and 2..5 */
            transpose_rows(a.data, LH_F32, row * a.rows, a.rows, depth, panel + row, TILE_ROWS);
        }
    } else {
        for (int64_t k = 0; k < depth; k++) {
            for (int64_t r = 0; r < TILE_ROWS; r++) {
                panel[k * TILE_ROWS + r] = a.data[r * a.rows + k * a.columns];
            }
        }
    }
}

/* Columns [first, first + width) of B = W' from rows of W [*, stride], from input `from` on. */
ALWAYS_INLINE void pack_rows(const void *weights, int32_t dtype, int64_t stride, int64_t first,
                             int64_t width, int64_t from, int64_t depth, float *panel) {
    for (int64_t n = 0; n < TILE_WIDTH; n += 4) {
        if (n + 4 <= width) {
            transpose_rows(weights, dtype, (first + n) * stride + from, stride, depth, panel + n,
                           TILE_WIDTH);
            continue;
        }
        for (int64_t i = n; i < n + 4; i++) {
            for (int64_t k = 0; k < depth; k++) {
                panel[k * TILE_WIDTH + i] =
                    i < width ? element_to_f32(weights, dtype, (first + i) * stride + from + k) : 0;
            }
        }
    }
}

/* Columns [first, first + width) of B = W [*, stride], from row `from` on. */
ALWAYS_INLINE void pack_columns(const void *weights, int32_t dtype, int64_t stride, int64_t first,
                                int64_t width, int64_t from, int64_t depth, float *panel) {
    for (int64_t k = 0; k < depth; k++) {
        int64_t row = (from + k) * stride + first;
        if (width == TILE_WIDTH) {
            for (int v = 0; v < TILE_VECTORS; v++) {
                v_store(panel + k * TILE_WIDTH + v * W, v_widen(weights, dtype, row + v * W));
            }
            continue;
        }
        for (int64_t n = 0; n < TILE_WIDTH; n++) {
            panel[k * TILE_WIDTH + n] = n < width ? element_to_f32(weights, dtype, row + n) : 0;
        }
    }
}

/* pack_rows of quantised weights; `from` is a multiple of 8, `first` one of TILE_WIDTH. */
ALWAYS_INLINE void pack_quantized_rows(const char *weights, int32_t dtype, int64_t inputs,
                                       int64_t first, int64_t from, int64_t depth, int64_t outputs,
                                       float *panel) {
    int64_t part = TILE_WIDTH < TILE ? TILE_WIDTH : TILE;
    for (int64_t n = 0; n < TILE_WIDTH; n += part) {
        if (first + n >= outputs) {
            for (int64_t k = 0; k < depth; k++) {
                memset(panel + k * TILE_WIDTH + n, 0, (size_t)part * sizeof(float));
            }
            continue;
        }
        const char *tile = weights + (first + n) / TILE * tile_bytes(dtype, inputs);
        for (int64_t k = 0; k < depth; k += UNPACKED_INPUTS) {
            float wide[UNPACKED_INPUTS][TILE];
            unpack_inputs(tile, dtype, from + k, wide);
            for (int64_t i = 0; i < UNPACKED_INPUTS && k + i < depth; i++) {
                memcpy(panel + (k + i) * TILE_WIDTH + n, wide[i] + (first + n) % TILE,
                       (size_t)part * sizeof(float));
            }
        }
    }
}

/* pack_columns of quantised weights; `from` is a multiple of 16, `first` one of TILE_WIDTH. */
ALWAYS_INLINE void pack_quantized_columns(const char *weights, int32_t dtype, int64_t inputs,
                                          int64_t first, int64_t from, int64_t depth, float *panel) {
    for (int64_t k = 0; k < depth; k += TILE) {
        const char *tile = weights + (from + k) / TILE * tile_bytes(dtype, inputs);
        int64_t rows = depth - k < TILE ? depth - k : TILE;
        for (int64_t n = 0; n < TILE_WIDTH; n += UNPACKED_INPUTS) {
            float wide[UNPACKED_INPUTS][TILE] = {{0}};
            if (first + n < inputs) {
                unpack_inputs(tile, dtype, first + n, wide);
            }
            float *to = panel + k * TILE_WIDTH + n;
            if (rows == TILE) {
                transpose_rows(wide, LH_F32, 0, TILE, TILE, to, TILE_WIDTH);
                transpose_rows(wide, LH_F32, 4 * TILE, TILE, TILE, to + 4, TILE_WIDTH);
                continue;
            }
            for (int64_t r = 0; r < rows; r++) {
                for (int64_t i = 0; i < UNPACKED_INPUTS; i++) {
                    to[r * TILE_WIDTH + i] = wide[i][r];
                }
            }
        }
    }
}

#endif
