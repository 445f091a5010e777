/* The activations of gates: g / (1 + e^-z). The host writes the numbers of kernels.activation.Activation. */
#ifndef LONGHAND_ACTIVATION_CUH
#define LONGHAND_ACTIVATION_CUH

namespace longhand {

enum Activation { SILU, GELU_TANH };

/*
 * z of SiLU is g; that of GELU is g (A + B g^2) with A = 2 sqrt(2 / pi) and B = 0.044715 A, because
 * (1 + tanh(z / 2)) / 2 = 1 / (1 + e^-z). So a very negative gate loses no digits to a difference.
 */
constexpr float GELU_A = 1.5957691216057308f;
constexpr float GELU_B = 0.071354816272600f;

/* 1 + e^-z */
__device__ __forceinline__ float activation_divisor(int activation, float gate) {
    float z = activation == SILU ? gate : __fmul_rn(gate, __fmaf_rn(__fmul_rn(gate, gate), GELU_B, GELU_A));
    return __fadd_rn(1.0f, expf(-z));
}

/* The derivative of g s, given s = 1 / (1 + e^-z): s (1 + g (1 - s) dz/dg). */
__device__ __forceinline__ float activation_slope(int activation, float gate, float share) {
    float inner = activation == SILU ? gate : gate * fmaf(gate * gate, 3 * GELU_B, GELU_A);
    return share * (1.0f + inner * (1.0f - share));
}

} // namespace longhand

#endif
