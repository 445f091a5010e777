/* The activations of gates: g s with s = 1 / (1 + e^-z). */
#ifndef LH_ACTIVATION_H
#define LH_ACTIVATION_H

#include "lanes.h"

/*
 * z of SiLU is g; that of GELU is g (A + B g^2) with A = 2 sqrt(2 / pi) and B = 0.044715 A, because
 * (1 + tanh(z / 2)) / 2 = 1 / (1 + e^-z). So a very negative gate loses no digits to a difference.
 */
#define GELU_A 1.5957691216057308f
#define GELU_B 0.071354816272600f

/* 1 / s of a gate. e^-z is held below e^88, so a very negative gate gives a zero and no NaN. */
ALWAYS_INLINE vf activation_divisor(int32_t activation, vf gate) {
    vf z = gate;
    if (activation == LH_GELU_TANH) {
        z = gate * v_fma(gate * gate, v_set1(GELU_B), v_set1(GELU_A));
    }
    vf negated = v_zero() - z;
    vf held = v_select((vi32)(negated < v_set1(88)), negated, v_set1(88));
    return v_set1(1) + v_exp(held);
}

/* The derivative of g s, given s: s (1 + g (1 - s) dz/dg). */
ALWAYS_INLINE vf activation_slope(int32_t activation, vf gate, vf share) {
    vf inner = gate;
    if (activation == LH_GELU_TANH) {
        inner = gate * v_fma(gate * gate, v_set1(3 * GELU_B), v_set1(GELU_A));
    }
    return share * (v_set1(1) + inner * (v_set1(1) - share));
}

#endif
