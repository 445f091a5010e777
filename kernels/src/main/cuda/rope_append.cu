/*
 * Takes the RMSNorm of each head of q and k where a family has it, rotates q and k of every row in place,
 * appends k and v to the paged cache, rounded to bf16. qkv [rows, (heads + 2 kvHeads) headDim] f32; rope
 * [positions, headDim] f32, cosines then sines of headDim / 2 frequencies. A block per row and head; a
 * thread rotates one pair (i, i + headDim / 2). Sums of squares are added by fixed trees.
 */
#include "block_sums.cuh"
#include "dependent_launch.cuh"
#include "paged_kv.cuh"

using namespace longhand;

static __device__ __forceinline__ uint16_t bf16(float value) {
    uint16_t bits;
    asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(value));
    return bits;
}

extern "C" __global__ void __launch_bounds__(64)
    rope_append(float *qkv, int heads, const float *rope, const float *query_norm, const float *key_norm,
                float norm_eps, Batch batch, PagedKv kv) {
    __shared__ float squares[2];
    follow_earlier_kernels();
    int row = blockIdx.x, head = blockIdx.y, half = kv.headDim / 2;
    int position = batch.positions[row];
    float *at = qkv + (static_cast<long long>(row) * (heads + 2 * kv.kvHeads) + head) * kv.headDim;
    bool is_value = head >= heads + kv.kvHeads;
    long long to = 0;
    if (head >= heads) {
        to = kv.at(batch.page(batch.sequences[row], position), (head - heads) % kv.kvHeads,
                   position % PAGE_POSITIONS);
    }
    const float *norm = head < heads ? query_norm : is_value ? nullptr : key_norm;
    float factor = 1;
    if (norm != nullptr) {
        float square = 0;
#pragma unroll 1
        for (int i = threadIdx.x; i < half; i += 64) {
            square += at[i] * at[i] + at[half + i] * at[half + i];
        }
        float mean = sum_of_block<2>(square, squares) / static_cast<float>(kv.headDim);
        factor = 1.0f / sqrtf(mean + norm_eps);
    }
#pragma unroll 1
    for (int i = threadIdx.x; i < half; i += 64) {
        float a = at[i], b = at[half + i];
        if (norm != nullptr) {
            a = a * factor * norm[i];
            b = b * factor * norm[half + i];
        }
        if (!is_value) {
            const float *angles = rope + static_cast<long long>(position) * kv.headDim;
            float cosine = angles[i], sine = angles[half + i];
            float rotated = a * cosine - b * sine;
            b = b * cosine + a * sine;
            a = rotated;
            at[i] = a;
            at[half + i] = b;
        }
        if (head >= heads) {
            uint16_t *cache = (is_value ? kv.values : kv.keys) + to;
            cache[i] = bf16(a);
            cache[half + i] = bf16(b);
        }
    }
}
