/* Samples a token among those that top-k, top-p and min-p keep; see sample.cu. */
#ifndef LONGHAND_SAMPLE_DRAW_CUH
#define LONGHAND_SAMPLE_DRAW_CUH

#include "sample_selection.cuh"
#include "sample_slot.cuh"

namespace {

using longhand::Slot;
using longhand::WHOLE;

constexpr int NUCLEUS_MAXIMA = 768; /* of the 1024: -ln(1 - 0.75) * 1024 = 1,420 keys are above it */

/* Philox4x32-10: words 0 (high half) and 1 of the block for a key and the counter (low, 0). */
__device__ __forceinline__ uint64_t philox(uint64_t key, uint64_t low) {
    uint32_t c0 = static_cast<uint32_t>(low), c1 = static_cast<uint32_t>(low >> 32), c2 = 0, c3 = 0;
    uint32_t k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
#pragma unroll 1
    for (int round = 0; round < 10; round++) {
        uint64_t product0 = static_cast<uint64_t>(0xD2511F53u) * c0;
        uint64_t product1 = static_cast<uint64_t>(0xCD9E8D57u) * c2;
        c0 = static_cast<uint32_t>(product1 >> 32) ^ c1 ^ k0;
        c1 = static_cast<uint32_t>(product1);
        c2 = static_cast<uint32_t>(product0 >> 32) ^ c3 ^ k1;
        c3 = static_cast<uint32_t>(product0);
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return static_cast<uint64_t>(c0) << 32 | c1;
}

__device__ __forceinline__ uint64_t up_to_lane(uint64_t value) {
#pragma unroll
    for (int step = 1; step < 32; step *= 2) {
        uint64_t below = __shfl_up_sync(0xffffffffu, value, step);
        value += threadIdx.x % 32 >= step ? below : 0;
    }
    return value;
}

/* The weight of a key in the sample. */
__device__ __forceinline__ uint64_t share(const Slot &slot, uint64_t key, uint64_t least, float max) {
    if (key < least) {
        return 0;
    }
    uint64_t mine = weight(logit_of(key), max, slot.scale);
    return mine >= slot.least ? mine : 0;
}

/* The token at which the mass, counted stride by stride, exceeds a random part of it; returned to warp 0. */
__device__ __forceinline__ int pick(Shared &shared, int &turn, const Slot &slot, const float *row,
                                    uint64_t least, float max) {
    int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    uint64_t mine = shared.strides[threadIdx.x];
    uint64_t end = up_to_lane(mine);
    uint64_t *partial = shared.partial[turn];
    turn ^= 1;
    if (lane == 31) {
        partial[warp] = end;
    }
    __syncthreads();
    uint64_t warps = up_to_lane(partial[lane]);
    uint64_t mass = __shfl_sync(0xffffffffu, warps, 31);
    end += __shfl_sync(0xffffffffu, warps - partial[lane], warp);
    uint64_t left = __umul64hi(philox(slot.seed, slot.position), mass);
    if (left < end && left >= end - mine) {
        shared.stride = threadIdx.x;
        shared.left = left - (end - mine);
    }
    __syncthreads();
    if (warp != 0) {
        return 0;
    }
    left = shared.left;
    for (int first = shared.stride;; first += 32 * THREADS) {
        int token = first + lane * THREADS;
        uint64_t upTo =
            up_to_lane(token < slot.vocabulary ? share(slot, key_of(row[token], token), least, max) : 0);
        uint32_t beyond = __ballot_sync(0xffffffffu, upTo > left);
        if (beyond != 0) {
            return first + (__ffs(beyond) - 1) * THREADS;
        }
        left -= __shfl_sync(0xffffffffu, upTo, 31);
    }
}

/* Samples among the tokens that top-k, top-p and min-p keep; the token is returned to warp 0. */
__device__ __forceinline__ int draw(Shared &shared, int &turn, const Slot &slot, const float *row,
                                    uint64_t mine, uint64_t best) {
    Keys keys{row, false, slot.vocabulary};
    float max = logit_of(best);
    uint64_t least = 0, low = 0, mass = 0;
    bool top_p = slot.nucleus != WHOLE;
    if (slot.topK > 0 || top_p) {
        int k = slot.topK > 0 ? slot.topK : NUCLEUS_MAXIMA;
        float scale = slot.topK > 0 ? 0 : slot.scale;
        keys = candidates(shared, turn, row, slot.vocabulary, mine, best, k, scale, low, mass);
    }
    if (slot.topK > 0) {
        low = least = narrow(shared, turn, keys, low, best, slot.topK, 0, 0);
        mass = top_p ? above(shared, turn, keys, least, max, slot.scale) : 0;
    }
    if (top_p) {
        uint64_t part = __umul64hi(mass, slot.nucleus) + (mass * slot.nucleus != 0);
        uint64_t wanted = part > 1 ? part : 1;
        if (keys.listed && slot.topK == 0 && above(shared, turn, keys, 0, max, slot.scale) < wanted) {
            keys = {row, false, slot.vocabulary};
        }
        if (!keys.listed && slot.topK == 0) {
            low = 0;
        }
        least = narrow(shared, turn, keys, low, best, wanted, max, slot.scale);
    }
    if (keys.listed) {
        shared.strides[threadIdx.x] = 0;
        __syncthreads();
#pragma unroll 1
        for (int i = threadIdx.x; i < keys.count; i += THREADS) {
            unsigned long long part = share(slot, shared.list[i], least, max);
            if (part != 0) {
                auto *stride = &shared.strides[token_of(shared.list[i]) % THREADS];
                atomicAdd(reinterpret_cast<unsigned long long *>(stride), part);
            }
        }
        __syncthreads();
    } else {
        uint64_t sum = 0;
        for (int i = threadIdx.x; i < slot.vocabulary; i += THREADS) {
            sum += share(slot, key_of(row[i], i), least, max);
        }
        shared.strides[threadIdx.x] = sum;
    }
    return pick(shared, turn, slot, row, least, max);
}

} // namespace

#endif
