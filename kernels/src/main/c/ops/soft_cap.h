/* The soft cap of logits, in inference and in the loss of training. */
#ifndef LH_SOFT_CAP_H
#define LH_SOFT_CAP_H

#include "lanes.h"

/* x = cap tanh(x / cap) of count elements. */
ALWAYS_INLINE void soft_cap(float *x, int64_t count, float cap) {
    int64_t i = 0;
    for (; i + W <= count; i += W) {
        v_store(x + i, v_set1(cap) * v_tanh(v_load(x + i) / v_set1(cap)));
    }
    for (; i < count; i++) {
        x[i] = cap * v_tanh(v_set1(x[i] / cap))[0];
    }
}

#endif
