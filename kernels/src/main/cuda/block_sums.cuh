/* The sum of a value over a block, by a fixed tree: lanes, then warps in ascending order. */
#ifndef LONGHAND_BLOCK_SUMS_CUH
#define LONGHAND_BLOCK_SUMS_CUH

namespace longhand {

/* `warps` has room for WARPS values, which no thread reads any more; every thread gets the sum. */
template <int WARPS, class T> __device__ __forceinline__ T sum_of_block(T value, T *warps) {
#pragma unroll
    for (int step = 16; step > 0; step /= 2) {
        value += __shfl_xor_sync(0xffffffffu, value, step);
    }
    if (threadIdx.x % 32 == 0) {
        warps[threadIdx.x / 32] = value;
    }
    __syncthreads();
    T total = 0;
#pragma unroll
    for (int warp = 0; warp < WARPS; warp++) {
        total += warps[warp];
    }
    return total;
}

} // namespace longhand

#endif
