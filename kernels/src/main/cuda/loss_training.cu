/*
 * Cross entropy of rows of logits [rows, width] f32, with the gradient in place. With cap > 0 the logits
 * first become z = cap tanh(logits / cap), otherwise they are z; then z becomes weight (softmax(z) -
 * one_hot(label)) dz with dz = 1 - (z / cap)^2, or 1 without a cap. A block of 512 per row: maximum (the
 * first of equal ones), sum of exponentials, gradient; the row is read three times and written once, from L2
 * where it fits (608 KB at a vocabulary of 152,064), and a cap costs another write. A thread sums its
 * exponentials in double: 300 of them. A chunk of rows fills the GPU only from some 132 labels on.
 * Unconfirmed on a GPU.
 */
#include "block_sums.cuh"

namespace {

constexpr int THREADS = 512;
constexpr int WARPS = THREADS / 32;

struct Largest {
    float value;
    int index;

    __device__ __forceinline__ void meet(float other, int at) {
        if (other > value || (other == value && at < index)) {
            value = other;
            index = at;
        }
    }
};

/* Caps the row on the way, where cap > 0: each thread the elements that it reads later. */
__device__ __forceinline__ Largest largest_of(float *row, int width, float cap) {
    __shared__ Largest warps[WARPS];
    Largest own{-INFINITY, width};
    for (int i = threadIdx.x; i < width; i += THREADS) {
        if (cap > 0) {
            row[i] = cap * tanhf(row[i] / cap);
        }
        own.meet(row[i], i);
    }
#pragma unroll
    for (int step = 16; step > 0; step /= 2) {
        float value = __shfl_xor_sync(0xffffffffu, own.value, step);
        own.meet(value, __shfl_xor_sync(0xffffffffu, own.index, step));
    }
    if (threadIdx.x % 32 == 0) {
        warps[threadIdx.x / 32] = own;
    }
    __syncthreads();
    Largest all = warps[0];
    for (int warp = 1; warp < WARPS; warp++) {
        all.meet(warps[warp].value, warps[warp].index);
    }
    return all;
}

} // namespace

/* A weight of 0 leaves z. */
extern "C" __global__ void __launch_bounds__(THREADS)
    cross_entropy(float *logits, const int *labels, float cap, float weight, double *losses, int *best,
                  int width) {
    __shared__ double sums[WARPS];
    float *row = logits + static_cast<long long>(blockIdx.x) * width;
    int label = labels[blockIdx.x];
    Largest largest = largest_of(row, width, cap);
    double own = 0;
    for (int i = threadIdx.x; i < width; i += THREADS) {
        own += expf(row[i] - largest.value);
    }
    float sum = static_cast<float>(longhand::sum_of_block<WARPS>(own, sums));
    if (threadIdx.x == 0) {
        losses[blockIdx.x] = static_cast<double>(logf(sum)) + largest.value - row[label];
        best[blockIdx.x] = largest.index;
    }
    __syncthreads();
    if (weight > 0) {
        for (int i = threadIdx.x; i < width; i += THREADS) {
            float share = expf(row[i] - largest.value) / sum;
            float bound = cap > 0 ? row[i] / cap : 0.0f;
            row[i] = weight * (i == label ? share - 1.0f : share) * (1.0f - bound * bound);
        }
    }
}
