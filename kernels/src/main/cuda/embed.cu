/*
 * out[r, :] = scale table[token(r), :], and the gather of rows whose logits are requested. table [vocabulary,
 * stride], out [rows, width] f32. A block per row; bytes: 6 * width a row, negligible beside a layer.
 */
#include <cstdint>
#include <cuda_fp16.h>

#include "dependent_launch.cuh"

namespace {

__device__ float widen(uint16_t bf16_bits) { return __uint_as_float(static_cast<uint32_t>(bf16_bits) << 16); }
__device__ float widen(__half value) { return __half2float(value); }
__device__ float widen(float value) { return value; }

template <class T>
__device__ void look_up(const T *table, int stride, int width, float scale, const int *tokens, float *out) {
    longhand::follow_earlier_kernels();
    const T *from = table + static_cast<long long>(tokens[blockIdx.x]) * stride;
    float *to = out + static_cast<long long>(blockIdx.x) * width;
    for (int i = threadIdx.x; i < width; i += blockDim.x) {
        to[i] = scale * widen(from[i]);
    }
}

} // namespace

#define EMBED(name, type)                                                                          \
    extern "C" __global__ void name(const type *table, int stride, int width, float scale,         \
                                    const int *tokens, float *out) {                               \
        look_up(table, stride, width, scale, tokens, out);                                         \
    }

EMBED(embed_bf16, uint16_t)
EMBED(embed_f16, __half)
EMBED(embed_f32, float)

/* out[i, :] = x[rows[i], :] */
extern "C" __global__ void gather_rows(const float *x, int width, const int *rows, float *out) {
    longhand::follow_earlier_kernels();
    const float *from = x + static_cast<long long>(rows[blockIdx.x]) * width;
    float *to = out + static_cast<long long>(blockIdx.x) * width;
    for (int i = threadIdx.x; i < width; i += blockDim.x) {
        to[i] = from[i];
    }
}
