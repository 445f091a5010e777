/*
 * Shared by the two linear kernels: the problem, the cut of K, the fused norm and the epilogues.
 *
 *   plain:  out[r, o] = sum_k x[r, k] W[o, k] + bias[o]  (+ out[r, o])
 *   normed: the same of y = RMSNorm(x): y[r, k] = x[r, k] s[r] norm[k], s[r] = 1 / sqrt(mean(x[r]^2) + eps)
 *   gated:  out[r, o] = activation(gate) up of the normed products of rows o of gate and up
 *
 * The norm costs no launch and no pass over x: norm[k] is multiplied in as x is loaded, s[r] comes out
 * of the sum, and the squares are added up by the lanes that load x anyway.
 */
#ifndef LONGHAND_LINEAR_CUH
#define LONGHAND_LINEAR_CUH

#include "activation.cuh"
#include "fragments.cuh"

namespace longhand {

/*
 * K is cut into SLICES runs of whole blocks, of one chunk or of as many as the weights are stored in.
 * Each is summed from zero by multiplies in ascending k, and the slices are added in ascending order, so
 * that eight warps of the skinny kernel and one warp of the wide kernel arrive at the same bits.
 */
constexpr int SLICES = 8;

__host__ __device__ constexpr int slice_chunks(int chunks, int block = 1) {
    return ((chunks + block - 1) / block + SLICES - 1) / SLICES * block;
}

struct Problem {
    const float *x;      /* [rows, width] */
    const void *weights; /* in a format of weights.cuh; zeros beyond width */
    const void *scales;  /* of quantised weights, or null */
    const float *norm;   /* [width], or null */
    const float *bias;   /* [outputs], or null */
    float *out;          /* [rows, out_width] */
    int width;
    int chunks;
    int rows;
    int outputs;    /* rows of W; gated: 8 of gate alternate with 8 of up, the last padded */
    int out_width;  /* outputs; gated: rows of gate */
    int accumulate;
    int activation; /* of gates, an Activation */
    float eps;
};

enum Kind { PLAIN, NORMED, GATED };

/* One lane's 8 elements of x as an operand; adds their squares if the input is normed. */
template <Kind KIND>
__device__ __forceinline__ ColumnChunk operand(float4 first, float4 second, const float *norm,
                                               float &squares) {
    if (KIND != PLAIN) {
        float4 n = *reinterpret_cast<const float4 *>(norm), m = *reinterpret_cast<const float4 *>(norm + 4);
        const float v[8] = {first.x, first.y, first.z, first.w, second.x, second.y, second.z, second.w};
#pragma unroll
        for (int i = 0; i < 8; i++) {
            squares = __fmaf_rn(v[i], v[i], squares);
        }
        first = make_float4(first.x * n.x, first.y * n.y, first.z * n.z, first.w * n.w);
        second = make_float4(second.x * m.x, second.y * m.y, second.z * m.z, second.w * m.w);
    }
    return column_chunk(first, second);
}

struct Eight {
    float4 first, second;
};

/* Loads 8 floats, with zeros from index `count` on. */
__device__ __forceinline__ Eight load_guarded(const float *from, int count) {
    float v[8];
#pragma unroll
    for (int i = 0; i < 8; i++) {
        v[i] = i < count ? from[i] : 0.0f;
    }
    return {make_float4(v[0], v[1], v[2], v[3]), make_float4(v[4], v[5], v[6], v[7])};
}

/* Elements k..k+7 of one row of x as an operand. */
template <Kind KIND, bool ALIGNED>
__device__ __forceinline__ ColumnChunk load_x(const Problem &p, int row, int k, float &squares) {
    Eight x{make_float4(0, 0, 0, 0), make_float4(0, 0, 0, 0)};
    bool valid = row < p.rows;
    const float *from = p.x + static_cast<long long>(row) * p.width + k;
    if (ALIGNED) {
        if (valid) {
            x = {*reinterpret_cast<const float4 *>(from), *reinterpret_cast<const float4 *>(from + 4)};
        }
        return operand<KIND>(x.first, x.second, p.norm + k, squares);
    }
    x = load_guarded(from, valid ? p.width - k : 0);
    float norm[8] = {};
    if (KIND != PLAIN) {
        *reinterpret_cast<Eight *>(norm) = load_guarded(p.norm + k, p.width - k);
    }
    return operand<KIND>(x.first, x.second, norm, squares);
}

/* Sum over the four lanes of a row. */
__device__ __forceinline__ float sum_of_quad(float value) {
    value += __shfl_xor_sync(0xffffffffu, value, 1);
    return value + __shfl_xor_sync(0xffffffffu, value, 2);
}

__device__ __forceinline__ float norm_scale(float squares, const Problem &p) {
    return __frcp_rn(__fsqrt_rn(__fadd_rn(__fdiv_rn(squares, static_cast<float>(p.width)), p.eps)));
}

__device__ __forceinline__ void store(const Problem &p, int row, int output, float sum) {
    if (row < p.rows && output < p.out_width) {
        float *to = p.out + static_cast<long long>(row) * p.out_width + output;
        sum = p.bias != nullptr ? __fadd_rn(sum, p.bias[output]) : sum;
        *to = p.accumulate ? __fadd_rn(*to, sum) : sum;
    }
}

__device__ __forceinline__ void store_gated(const Problem &p, int row, int output, float gate, float up) {
    if (row < p.rows && output < p.out_width) {
        float activated = __fdiv_rn(gate, activation_divisor(p.activation, gate));
        p.out[static_cast<long long>(row) * p.out_width + output] = __fmul_rn(activated, up);
    }
}

} // namespace longhand

#endif
