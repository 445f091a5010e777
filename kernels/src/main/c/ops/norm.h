/* The factor of RMSNorm, for whole rows and for single heads. */
#ifndef LH_NORM_H
#define LH_NORM_H

#include "lanes.h"

/* 1 / sqrt(mean(x^2) + eps); the sum of squares uses the 16 lanes of lanes.h. */
ALWAYS_INLINE float norm_factor(const float *x, int32_t width, float eps) {
    int32_t whole = width / LANES * LANES;
    vf squares[NV];
    for (int v = 0; v < NV; v++) {
        squares[v] = v_zero();
    }
    for (int32_t i = 0; i < whole; i += LANES) {
        for (int v = 0; v < NV; v++) {
            vf value = v_load(x + i + v * W);
            squares[v] = v_fma(value, value, squares[v]);
        }
    }
    float sum = lane_sum(squares);
    for (int32_t i = whole; i < width; i++) {
        sum += x[i] * x[i];
    }
    return 1 / sqrtf(sum / (float)width + eps);
}

#endif
