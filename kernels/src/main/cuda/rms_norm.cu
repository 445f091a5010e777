/*
 * out[r, i] (+)= x[r, i] / sqrt(mean(x[r, :]^2) + eps) * weight[i]; x and weight f32. A block of 256 per row.
 * Every thread sums its elements in ascending order, lanes and warps are added by fixed trees: a row's bits
 * do not depend on the other rows. 8 bytes * width a row, twice read from L2.
 *
 * The bf16 kernels make cuBLAS's operands: the same values rounded, and x itself rounded. Not confirmed
 * on a GPU.
 */
#include <cstdint>
#include <cuda_bf16.h>

#include "dependent_launch.cuh"

namespace {

__device__ __forceinline__ float norm_scale(const float *from, float eps, int width) {
    __shared__ float warp_sums[8];
    float sum = 0;
    for (int i = threadIdx.x; i < width; i += 256) {
        sum += from[i] * from[i];
    }
#pragma unroll
    for (int step = 16; step > 0; step /= 2) {
        sum += __shfl_xor_sync(0xffffffffu, sum, step);
    }
    if (threadIdx.x % 32 == 0) {
        warp_sums[threadIdx.x / 32] = sum;
    }
    __syncthreads();
    float total = 0;
#pragma unroll
    for (int warp = 0; warp < 8; warp++) {
        total += warp_sums[warp];
    }
    return 1.0f / sqrtf(total / static_cast<float>(width) + eps);
}

} // namespace

extern "C" __global__ void __launch_bounds__(256)
    rms_norm(const float *x, const float *weight, float eps, float *out, int width, int accumulate) {
    longhand::follow_earlier_kernels();
    const float *from = x + static_cast<long long>(blockIdx.x) * width;
    float *to = out + static_cast<long long>(blockIdx.x) * width;
    float scale = norm_scale(from, eps, width);
    for (int i = threadIdx.x; i < width; i += 256) {
        float normed = from[i] * scale * weight[i];
        to[i] = accumulate ? __fadd_rn(to[i], normed) : normed;
    }
}

extern "C" __global__ void __launch_bounds__(256)
    rms_norm_bf16(const float *x, const float *weight, float eps, __nv_bfloat16 *out, int width) {
    longhand::follow_earlier_kernels();
    const float *from = x + static_cast<long long>(blockIdx.x) * width;
    __nv_bfloat16 *to = out + static_cast<long long>(blockIdx.x) * width;
    float scale = norm_scale(from, eps, width);
    for (int i = threadIdx.x; i < width; i += 256) {
        to[i] = __float2bfloat16_rn(from[i] * scale * weight[i]);
    }
}

extern "C" __global__ void __launch_bounds__(256) round_bf16(const float *x, __nv_bfloat16 *out, int width) {
    longhand::follow_earlier_kernels();
    long long row = static_cast<long long>(blockIdx.x) * width;
    for (int i = threadIdx.x; i < width; i += 256) {
        out[row + i] = __float2bfloat16_rn(x[row + i]);
    }
}
