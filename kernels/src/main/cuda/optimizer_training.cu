/*
 * AdamW as optimizer.AdamW defines it, with f32 masters and moments and, where `copy` is given, the updated
 * values rounded to bf16: 28 bytes a value, 30 with the copy, all once. And the sum of squares in double: a
 * block per 65,536 values, its partial sums in a fixed order; the host adds the blocks' in ascending order.
 * Consumer GPUs have one double unit for 64 floats: 537 M values of an adapter take about a millisecond
 * there (computed). Unconfirmed on a GPU.
 */
#include <cstdint>

#include "block_sums.cuh"
#include "fragments.cuh"

extern "C" __global__ void __launch_bounds__(256)
    adamw(float *master, const float *gradient, float *first, float *second, uint16_t *copy,
          long long count, float gradient_scale, float beta1_rest, float beta2, float beta2_rest, float step,
          float root_scale, float epsilon, float keep) {
    long long i = static_cast<long long>(blockIdx.x) * 256 + threadIdx.x;
    if (i < count) {
        float g = gradient[i] * gradient_scale;
        float m = first[i] + beta1_rest * (g - first[i]);
        float v = beta2 * second[i] + beta2_rest * g * g;
        float value = master[i] * keep - step * (m / (sqrtf(v) * root_scale + epsilon));
        first[i] = m;
        second[i] = v;
        master[i] = value;
        if (copy != nullptr) {
            copy[i] = static_cast<uint16_t>(longhand::pack_bf16(value, 0.0f));
        }
    }
}

extern "C" __global__ void __launch_bounds__(256)
    sum_of_squares(const float *values, long long count, double *sums) {
    __shared__ double warps[8];
    long long first = static_cast<long long>(blockIdx.x) << 16;
    long long end = count < first + 65536 ? count : first + 65536;
    double sum = 0;
    for (long long i = first + threadIdx.x; i < end; i += 256) {
        double value = values[i];
        sum += value * value;
    }
    double total = longhand::sum_of_block<8>(sum, warps);
    if (threadIdx.x == 0) {
        sums[blockIdx.x] = total;
    }
}

extern "C" __global__ void __launch_bounds__(256)
    round_to_bf16(const float *values, uint16_t *copy, long long count) {
    long long i = static_cast<long long>(blockIdx.x) * 256 + threadIdx.x;
    if (i < count) {
        copy[i] = static_cast<uint16_t>(longhand::pack_bf16(values[i], 0.0f));
    }
}
