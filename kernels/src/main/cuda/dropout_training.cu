/*
 * out (+)= x times the mask of a key, as lora.Dropout defines it: a function of key and index, so that a
 * backward pass repeats it. A thread per element, 8 or 12 bytes an element. Unconfirmed on a GPU.
 */
#include <cstdint>

static __device__ __forceinline__ uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
}

/* `first` is the index of x[0] in its sequence, `limit` is keep 2^24. */
extern "C" __global__ void __launch_bounds__(256)
    dropout(const float *x, uint64_t first, uint64_t key, uint64_t limit, float factor, float *out,
            int accumulate, long long count) {
    long long i = static_cast<long long>(blockIdx.x) * 256 + threadIdx.x;
    if (i < count) {
        bool kept = mix(key + (first + i) * 0x9E3779B97F4A7C15ull) >> 40 < limit;
        float value = kept ? x[i] * factor : 0.0f;
        out[i] = accumulate ? out[i] + value : value;
    }
}
