/* Shared by the forward and backward pass of attention in training: blocks of queries and keys. */
#ifndef LH_ATTENTION_TRAINING_H
#define LH_ATTENTION_TRAINING_H

#include "product_pack.h"

#define BLOCK 96 /* queries and keys: a multiple of every TILE_ROWS and TILE_WIDTH */
#define LOG2_E 1.44269504088896340736
#define HEAD_MAX 256

/* Where the attention of families differs: the factor of the scores; their bound, or 0; the positions that a
 * query sees, its own included. */
typedef struct {
    float scale, cap;
    int64_t window;
} score_rule;

ALWAYS_INLINE score_rule rule_of(float scale, float cap, int32_t window) {
    return (score_rule){scale, cap, window > 0 ? window : INT32_MAX};
}

/* The first key that a query sees. */
ALWAYS_INLINE int64_t first_key(score_rule rule, int64_t query) {
    return query < rule.window ? 0 : query - rule.window + 1;
}

/* tanh of the bounded scores; 0 without a bound. */
ALWAYS_INLINE vf bound_of(score_rule rule, vf product) {
    return rule.cap > 0 ? v_tanh(product * v_set1(rule.scale / rule.cap)) : v_zero();
}

/* The scores of products of queries and keys, in base 2. */
ALWAYS_INLINE vf score_of(score_rule rule, vf product, vf bound) {
    return rule.cap > 0 ? bound * v_set1((float)(LOG2_E * rule.cap))
                        : product * v_set1((float)(LOG2_E * rule.scale));
}

/* Rows of one head: [positions, stride], the head's elements from `data` on. */
typedef struct {
    float *data;
    int64_t stride;
} head_rows;

/* [BLOCK][HEAD_MAX] at most: a block of rows of a head, padded with zeros to whole tiles. */
typedef float head_block[BLOCK * HEAD_MAX];
typedef float score_block[BLOCK * BLOCK]; /* [BLOCK][BLOCK] */

ALWAYS_INLINE int64_t padded_dim(int64_t dim) {
    return (dim + TILE_WIDTH - 1) / TILE_WIDTH * TILE_WIDTH;
}

/* Rows [first, first + BLOCK) of a head, those from `positions` on and the padding as zeros. */
static inline void copy_rows(head_rows from, int64_t first, int64_t positions, int64_t dim, float *block) {
    int64_t width = padded_dim(dim);
    memset(block, 0, (size_t)(BLOCK * width) * sizeof(float));
    for (int64_t i = 0; i < BLOCK && first + i < positions; i++) {
        memcpy(block + i * width, from.data + (first + i) * from.stride, (size_t)dim * sizeof(float));
    }
}

/* Packs a block [BLOCK][stride] as A of products over its columns. */
static inline void pack_block(const float *block, int64_t stride, int64_t depth, float *panels) {
    for (int64_t r = 0; r < BLOCK; r += TILE_ROWS) {
        pack_a((strided){block + r * stride, stride, 1}, TILE_ROWS, depth, panels + r * depth);
    }
}

/* Transposes a block [BLOCK][stride] into [depth][BLOCK]. */
static inline void transpose_block(const float *block, int64_t stride, int64_t depth, float *out) {
    for (int64_t r = 0; r < BLOCK; r += 4) {
        transpose_rows(block, LH_F32, r * stride, stride, depth, out + r, BLOCK);
    }
}

/* c [BLOCK][c_stride] (+)= A B, with A by pack_block and B [depth][b_stride]. */
static inline void packed_product(const float *panels, const float *b, int64_t b_stride,
                                  int64_t depth, int64_t width, float *c, int64_t c_stride, int add) {
    for (int64_t n = 0; n < width; n += TILE_WIDTH) {
        for (int64_t r = 0; r < BLOCK; r += TILE_ROWS) {
            vf sums[TILE_ROWS][TILE_VECTORS];
            tile_sums(depth, (strided){panels + r * depth, 1, TILE_ROWS}, b + n, b_stride, 0, sums);
            for (int i = 0; i < TILE_ROWS; i++) {
                for (int v = 0; v < TILE_VECTORS; v++) {
                    float *out = c + (r + i) * c_stride + n + v * W;
                    vf before = add ? v_load(out) : v_zero();
                    v_store(out, before + sums[i][v]);
                }
            }
        }
    }
}

/* c [BLOCK][c_stride] += scores' B, with B [BLOCK][b_stride]. */
static inline void transposed_product(const float *scores, const float *b, int64_t b_stride,
                                      int64_t width, float *c, int64_t c_stride) {
    for (int64_t n = 0; n < width; n += TILE_WIDTH) {
        for (int64_t r = 0; r < BLOCK; r += TILE_ROWS) {
            vf sums[TILE_ROWS][TILE_VECTORS];
            tile_sums(BLOCK, (strided){scores + r, 1, BLOCK}, b + n, b_stride, 0, sums);
            for (int i = 0; i < TILE_ROWS; i++) {
                for (int v = 0; v < TILE_VECTORS; v++) {
                    float *out = c + (r + i) * c_stride + n + v * W;
                    v_store(out, v_load(out) + sums[i][v]);
                }
            }
        }
    }
}

#endif
