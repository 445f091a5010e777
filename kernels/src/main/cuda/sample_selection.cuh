/*
 * Sums over a block, and selection of keys without sorting.
 *
 * The key sought is found bit by bit, as the largest that still has k keys, or a mass, at or above it: one
 * sum over the block for each of 52 bits, less those in which a known lower bound and the best key agree. On
 * the row itself each sum would read the whole row, so the tokens that can matter are first copied to shared
 * memory. Their bound costs nothing, as the first pass gives it: at least k keys are at or above the k-th
 * largest of the 1024 threads' own maxima, and few more. Top-k 20 of 152,064 leaves about 20 of them; a
 * nucleus is sought among those above the 768th maximum, about 1,420 if logits are in no order. Where they
 * do not fit, or weigh less than the nucleus, the row is read once for each bit: right, and slow (a top-k
 * above 1024, a nucleus of thousands, a vocabulary whose best tokens are all one thread's).
 */
#ifndef LONGHAND_SAMPLE_SELECTION_CUH
#define LONGHAND_SAMPLE_SELECTION_CUH

#include "sample_keys.cuh"

namespace {

constexpr int THREADS = 1024;
constexpr int WARPS = THREADS / 32;
constexpr int LIST_MAX = 4096;

struct Shared {
    uint64_t list[LIST_MAX]; /* keys */
    uint64_t strides[THREADS];
    uint64_t partial[2][WARPS]; /* by turns: one barrier a sum */
    uint64_t left;
    int listed; /* number of keys for the list, may exceed LIST_MAX */
    int stride;
};

/* A set of keys: the list, or the whole row. */
struct Keys {
    const float *row;
    bool listed;
    int count;
};

struct Sum {
    __device__ uint64_t operator()(uint64_t a, uint64_t b) const { return a + b; }
};

struct Greater {
    __device__ uint64_t operator()(uint64_t a, uint64_t b) const { return a > b ? a : b; }
};

struct Lesser {
    __device__ uint64_t operator()(uint64_t a, uint64_t b) const { return a < b ? a : b; }
};

/* Combines one value per thread and returns the result to all; `turn` alternates. Earlier shared writes
 * are then visible. */
template <class Combine>
__device__ __forceinline__ uint64_t over_block(Shared &shared, int &turn, uint64_t value,
                                               Combine combine) {
#pragma unroll
    for (int step = 1; step < 32; step *= 2) {
        value = combine(value, __shfl_xor_sync(0xffffffffu, value, step));
    }
    uint64_t *partial = shared.partial[turn];
    turn ^= 1;
    if (threadIdx.x % 32 == 0) {
        partial[threadIdx.x / 32] = value;
    }
    __syncthreads();
    value = partial[threadIdx.x % 32];
#pragma unroll
    for (int step = 1; step < 32; step *= 2) {
        value = combine(value, __shfl_xor_sync(0xffffffffu, value, step));
    }
    return value;
}

/* The number of keys of a set at or above one, or (with a scale) their weight. */
__device__ __forceinline__ uint64_t above(Shared &shared, int &turn, const Keys &keys, uint64_t least,
                                          float max, float scale) {
    uint64_t sum = 0;
#pragma unroll 1
    for (int i = threadIdx.x; i < keys.count; i += THREADS) {
        uint64_t key = keys.listed ? shared.list[i] : key_of(keys.row[i], i);
        if (key >= least) {
            sum += scale == 0 ? 1 : weight(logit_of(key), max, scale);
        }
    }
    return over_block(shared, turn, sum, Sum());
}

/*
 * The largest key with `wanted` at or above it. It is known to be in low..high, and so to begin with the
 * bits that those begin with in common.
 */
__device__ __forceinline__ uint64_t narrow(Shared &shared, int &turn, const Keys &keys, uint64_t low,
                                           uint64_t high, uint64_t wanted, float max, float scale) {
    uint64_t bit = low == high ? 0 : 1ull << (63 - __clzll(static_cast<long long>(low ^ high)));
    uint64_t least = low == high ? low : low & ~(2 * bit - 1);
    for (; bit != 0; bit >>= 1) {
        if (above(shared, turn, keys, least | bit, max, scale) >= wanted) {
            least |= bit;
        }
    }
    return least;
}

/* Lists the row's keys at or above one; returns the weight of the whole row, or 0 without a scale. */
__device__ __forceinline__ uint64_t gather(Shared &shared, int &turn, const float *row, int vocabulary,
                                           uint64_t least, float max, float scale) {
    if (threadIdx.x == 0) {
        shared.listed = 0;
    }
    __syncthreads();
    uint64_t mass = 0;
    for (int i = threadIdx.x; i < vocabulary; i += THREADS) {
        uint64_t key = key_of(row[i], i);
        if (key >= least) {
            int at = atomicAdd(&shared.listed, 1);
            if (at < LIST_MAX) {
                shared.list[at] = key;
            }
        }
        mass += scale == 0 ? 0 : weight(logit_of(key), max, scale);
    }
    return over_block(shared, turn, mass, Sum());
}

/*
 * A set that contains the k first keys, listed if they fit, and the bound by which they were listed.
 * `mine` is this thread's greatest, `best` the block's.
 */
__device__ __forceinline__ Keys candidates(Shared &shared, int &turn, const float *row, int vocabulary,
                                           uint64_t mine, uint64_t best, int k, float scale, uint64_t &low,
                                           uint64_t &mass) {
    low = 0;
    if (vocabulary > LIST_MAX) {
        if (k > THREADS) {
            return {row, false, vocabulary};
        }
        shared.list[threadIdx.x] = mine;
        uint64_t worst = over_block(shared, turn, mine, Lesser());
        low = narrow(shared, turn, {row, true, THREADS}, worst, best, k, 0, 0);
    }
    mass = gather(shared, turn, row, vocabulary, low, logit_of(best), scale);
    if (shared.listed > LIST_MAX) {
        return {row, false, vocabulary};
    }
    return {row, true, shared.listed};
}

} // namespace

#endif
