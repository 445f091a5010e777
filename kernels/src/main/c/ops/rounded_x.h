/*
 * Activations for quantised weights: 16-bit integers in groups of 32 inputs.
 *
 * A group's scale is its largest magnitude over 32767, and an integer is x / scale rounded to nearest, so
 * the error is at most 2^-16 of the largest magnitude, where 8 bits (llama.cpp's Q8_0 activations) leave
 * 2^-8. Products with 8-bit weights then add up exactly over a group: 32 * 32767 * 256 < 2^28. Every step
 * below is one correctly rounded operation, so every instruction set makes the same bits.
 */
#ifndef LH_ROUNDED_X_H
#define LH_ROUNDED_X_H

#include "quantized.h"

#define X_MAX 32767
#define SMALLEST 0x1p-100f /* smaller groups become zeros: 32767 / 2^-113 is infinite */
#define INFINITE_BITS 0x7f800000

typedef struct {
    int16_t *x;    /* [rows, 32 groups] */
    float *scales; /* [rows, groups]; NaN where an x is not finite, so that it shows in every sum */
    int32_t *sums; /* [rows, groups, 2] of the integers of each half of a group */
    int64_t groups;
} rounded_x;

/* Bytes of `rows` rounded rows. */
ALWAYS_INLINE size_t rounded_bytes(int64_t rows, int64_t groups) {
    return (size_t)(rows * groups * (GROUP * 2 + 12) + 63) / 64 * 64;
}

/* Lays out rounded rows in `memory`: rounded_bytes, aligned to 64 bytes. */
ALWAYS_INLINE rounded_x rounded_at(char *memory, int64_t rows, int64_t groups) {
    int16_t *x = (int16_t *)memory;
    float *scales = (float *)(x + rows * groups * GROUP);
    return (rounded_x){x, scales, (int32_t *)(scales + rows * groups), groups};
}

/* Rounds 32 inputs to 32 integers, with the sums of the first 16 and of the others. */
ALWAYS_INLINE void round_group(const float *x, int16_t *to, float *scale, int32_t *sums) {
    typedef int16_t vi16_half __attribute__((vector_size(2 * W), aligned(2), may_alias));
    vi32 largest = {0};
    for (int i = 0; i < GROUP; i += W) {
        vi32 bits = (vi32)v_load(x + i) & 0x7fffffff; /* ordered as the magnitudes, NaN the largest */
        vi32 larger = bits > largest;
        largest = (bits & larger) | (largest & ~larger);
    }
    int32_t most = 0;
    for (int i = 0; i < W; i++) {
        most = largest[i] > most ? largest[i] : most;
    }
    float magnitude;
    memcpy(&magnitude, &most, 4);
    int finite = most < INFINITE_BITS;
    int some = finite && magnitude >= SMALLEST;
    *scale = some ? magnitude / X_MAX : finite ? 0 : NAN;
    vf inverse = v_set1(some ? X_MAX / magnitude : 0);
    const vf magic = v_set1(0x1.8p23f); /* adding it leaves the integer in the low bits */
    vi32 totals[2] = {{0}, {0}};
    for (int i = 0; i < GROUP; i += W) {
        vf shifted = (finite ? v_load(x + i) : v_zero()) * inverse + magic;
        vi32 rounded = (vi32)shifted - (vi32)magic;
        totals[2 * i / GROUP] += rounded;
        *(vi16_half *)(to + i) = __builtin_convertvector(rounded, vi16_half);
    }
    sums[0] = sums[1] = 0;
    for (int i = 0; i < W; i++) {
        sums[0] += totals[0][i];
        sums[1] += totals[1][i];
    }
}

/* The sum of the integers of group g of a row, or of its first or second half. */
ALWAYS_INLINE int32_t sum_of(const rounded_x *x, int64_t row, int64_t g, int part, int parts) {
    const int32_t *sums = x->sums + 2 * (row * x->groups + g);
    return parts == 1 ? sums[0] + sums[1] : sums[part];
}

/* Rounds one row of x; the last group is padded with zeros. */
static void round_row(const float *x, int64_t inputs, const rounded_x *to, int64_t row) {
    for (int64_t g = 0; g < to->groups; g++) {
        int64_t at = row * to->groups + g;
        const float *from = x + row * inputs + g * GROUP;
        float tail[GROUP] = {0};
        if (inputs - g * GROUP < GROUP) {
            memcpy(tail, from, (size_t)(inputs - g * GROUP) * sizeof(float));
            from = tail;
        }
        round_group(from, to->x + at * GROUP, &to->scales[at], &to->sums[2 * at]);
    }
}

#endif
