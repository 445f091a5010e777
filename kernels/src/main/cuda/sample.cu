/*
 * The next token of every row of logits: one launch, a block per row, every sampling mode, and the
 * tripwire for NaN and infinity. Only the token goes back, and what log-probabilities are made of.
 *
 *   argmax of all; report of the unchanged; biases; penalties; argmax again; temperature 0: that is the
 *   token; else top-k, of that top-p, of that min-p, and a draw
 *
 * The same token as dev.longhand.kernels.sampling.HostSampler, bit for bit, by making every number that
 * decides an integer whose order of summation cannot matter:
 *   - Tokens are ranked by keys of 52 bits: the logit's bits made ascending, then the token complemented,
 *     so that of equal logits the smaller token is first and no two keys are equal.
 *   - A token weighs 2^((logit - max) log2(e) / T) as a whole number of 2^-42: IEEE single operations in
 *     the order of FixedPointProbability.java, none fused, then shifted. 2^20 tokens, the most, of 2^42 add up
 *     to 2^62. What is below 2^-42 of the best weighs nothing.
 *   - Top-p keeps the shortest run of ranks that weighs at least ceil(p * mass), a product of 128 bits.
 *   - The draw counts through what is kept stride by stride (stride s: tokens s, s + 1024, ...) to
 *     floor(u * mass), u the 64 bits of Philox4x32-10 with the seed as key and the position as counter.
 * So a row's token depends on nothing but its logits, its history and its parameters.
 *
 * Selection without sorting: a key is found bit by bit as the largest that still has k keys, or a mass, at
 * or above it: a sum over the block for each of 52 bits, less those in which a known lower bound and the
 * best key agree. On the row itself each would be a read of it; so the tokens that can matter are first
 * copied to shared memory. The bound for that comes from the first pass for nothing: at least k keys are at
 * or above the k-th largest of the 1024 threads' own maxima, and few more. Top-k 20 of 152,064 leaves about
 * 20 of them; a nucleus is sought among those above the 768th maximum, about 1,420 if logits are in no
 * order. Where they do not fit, or hold less than the nucleus, the row is read once a bit: right, and slow
 * (a top-k above 1024, a nucleus of thousands, a vocabulary whose best tokens are all one thread's).
 *
 * Cost, computed, not measured: a row of 152,064 is 608 KB, which is in L2 when the head has just written it;
 * greedy reads it once, a draw twice and a few KB, penalties once more, a report once more, each at the 64
 * bytes a clock that an SM takes from L2: 9,500 clocks, 5.4 us at 1.75 GHz. A narrowing is at most 52 barriers
 * and twice as many shuffles of 5 steps, some 3 us; top-k and top-p together are three of them.
 * A step of one row keeps one SM busy, 64 rows 64 of them. Cutting a row over several SMs would want
 * a launch more for each number that all must know (maximum, mass), 2 to 3 us each: not done.
 * Considered and dropped: histograms of the keys' leading bits (nearly all logits share the first eight:
 * 152,064 shared atomics on a few words); exponentials in double (a 64th of the rate on cards that are
 * not for data centres); a sort of the row. Not confirmed on a GPU.
 *
 * The history of a sequence is two bits a token, seen and generated, on the device: read only where there
 * are penalties, once, a word for 32 tokens, and the logits of seen tokens are changed in place. How often a
 * token was generated is a word of its own, read only where there is a frequency penalty and the bit is set.
 * The kernel adds the token it drew, so that a step sends no history. The biases of a sequence lie beside it.
 */
#include <cfloat>
#include <cstdint>

#include "dependent_launch.cuh"
#include "sample_slot.cuh"

using namespace longhand;

namespace {

constexpr int THREADS = 1024;
constexpr int WARPS = THREADS / 32;
constexpr int TOKEN_BITS = 20;
constexpr int KEY_BITS = 32 + TOKEN_BITS;
constexpr uint64_t TOKEN_MASK = (1u << TOKEN_BITS) - 1;
constexpr uint64_t NOT_FINITE = 1ull << KEY_BITS; /* in place of the logit: above all, first token first */
constexpr int LIST_MAX = 4096;
constexpr int NUCLEUS_MAXIMA = 768; /* of the 1024: -ln(1 - 0.75) * 1024 = 1,420 keys are above it */
constexpr float LOG2E = 1.4426950408889634f;

struct Shared {
    uint64_t list[LIST_MAX]; /* keys */
    uint64_t strides[THREADS];
    uint64_t partial[2][WARPS]; /* by turns: one barrier a sum */
    uint64_t left;
    int listed; /* how many there were for the list, may exceed LIST_MAX */
    int stride;
};

/* A set of keys: the list, or the whole row. */
struct Keys {
    const float *row;
    bool listed;
    int count;
};

__device__ __forceinline__ uint64_t key_of(float logit, int token) {
    if (!(fabsf(logit) <= FLT_MAX)) {
        return NOT_FINITE | (TOKEN_MASK - token);
    }
    uint32_t bits = __float_as_uint(__fadd_rn(logit, 0.0f)); /* -0 becomes 0 */
    bits ^= static_cast<uint32_t>(static_cast<int32_t>(bits) >> 31) | 0x80000000u;
    return static_cast<uint64_t>(bits) << TOKEN_BITS | (TOKEN_MASK - token);
}

__device__ __forceinline__ int token_of(uint64_t key) {
    return static_cast<int>(TOKEN_MASK - (key & TOKEN_MASK));
}

__device__ __forceinline__ float logit_of(uint64_t key) {
    uint32_t bits = static_cast<uint32_t>(key >> TOKEN_BITS);
    return __uint_as_float(bits ^ (bits >> 31 ? 0x80000000u : 0xffffffffu));
}

/* Weight.of */
__device__ __forceinline__ uint64_t weight(float logit, float max, float scale) {
    float exponent = fmaxf(__fmul_rn(__fsub_rn(logit, max), scale), -63.0f);
    float whole = __fsub_rn(__fadd_rn(exponent, 12582912.0f), 12582912.0f);
    float x = __fsub_rn(exponent, whole);
    float power = 1.5252734e-5f;
    power = __fadd_rn(__fmul_rn(power, x), 1.5403530e-4f);
    power = __fadd_rn(__fmul_rn(power, x), 1.3333558e-3f);
    power = __fadd_rn(__fmul_rn(power, x), 0.009618129f);
    power = __fadd_rn(__fmul_rn(power, x), 0.05550411f);
    power = __fadd_rn(__fmul_rn(power, x), 0.2402265f);
    power = __fadd_rn(__fmul_rn(power, x), 0.6931472f);
    power = __fadd_rn(__fmul_rn(power, x), 1.0f);
    uint64_t fraction = static_cast<uint64_t>(__float2int_rz(__fmul_rn(power, 1073741824.0f))) << 12;
    return fraction >> -__float2int_rz(whole);
}

struct Sum {
    __device__ uint64_t operator()(uint64_t a, uint64_t b) const { return a + b; }
};

struct Greater {
    __device__ uint64_t operator()(uint64_t a, uint64_t b) const { return a > b ? a : b; }
};

struct Lesser {
    __device__ uint64_t operator()(uint64_t a, uint64_t b) const { return a < b ? a : b; }
};

/* One value of every thread combined, for all; `turn` alternates. What was shared before is visible after. */
template <class Combine>
__device__ __forceinline__ uint64_t over_block(Shared &shared, int &turn, uint64_t value, Combine combine) {
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

/* How many keys of a set are at or above one, or (with a scale) what they weigh. */
__device__ __forceinline__ uint64_t above(Shared &shared, int &turn, const Keys &keys, uint64_t least, float max,
                                          float scale) {
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
 * The largest key with `wanted` at or above it. It is known to be in low..high, and whatever bits those
 * begin with in common.
 */
__device__ __forceinline__ uint64_t narrow(Shared &shared, int &turn, const Keys &keys, uint64_t low, uint64_t high,
                                           uint64_t wanted, float max, float scale) {
    uint64_t bit = low == high ? 0 : 1ull << (63 - __clzll(static_cast<long long>(low ^ high)));
    uint64_t least = low == high ? low : low & ~(2 * bit - 1);
    for (; bit != 0; bit >>= 1) {
        if (above(shared, turn, keys, least | bit, max, scale) >= wanted) {
            least |= bit;
        }
    }
    return least;
}

/* Lists the row's keys at or above one; returns what the whole row weighs, or 0 without a scale. */
__device__ __forceinline__ uint64_t gather(Shared &shared, int &turn, const float *row, int vocabulary, uint64_t least,
                                           float max, float scale) {
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
 * A set that has the k first keys in it, listed if they fit, and the bound they were listed by. `mine` is
 * this thread's greatest, `best` the block's.
 */
__device__ __forceinline__ Keys candidates(Shared &shared, int &turn, const float *row, int vocabulary, uint64_t mine,
                                           uint64_t best, int k, float scale, uint64_t &low, uint64_t &mass) {
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

/* The reported tokens by rank, with what their log-probabilities are made of. */
__device__ __forceinline__ void report(Shared &shared, int &turn, const Slot &slot, const float *row, uint64_t mine,
                                       uint64_t best, uint64_t *to) {
    uint64_t low, mass = 0;
    Keys keys = candidates(shared, turn, row, slot.vocabulary, mine, best, slot.reported, LOG2E, low, mass);
    uint64_t least = narrow(shared, turn, keys, low, best, slot.reported, 0, 0);
    if (!keys.listed) {
        gather(shared, turn, row, slot.vocabulary, least, 0, 0);
        keys = {row, true, slot.reported};
    }
    if (threadIdx.x == 0) {
        to[0] = mass;
        to[1] = __float_as_uint(logit_of(best));
    }
    Entry *entries = reinterpret_cast<Entry *>(to + REPORT_HEAD);
#pragma unroll 1
    for (int i = threadIdx.x; i < keys.count; i += THREADS) {
        uint64_t key = shared.list[i];
        if (key >= least) {
            int rank = 0;
            for (int j = 0; j < keys.count; j++) {
                rank += shared.list[j] > key;
            }
            entries[rank] = {token_of(key), logit_of(key)};
        }
    }
    __syncthreads(); /* before others write the list */
}

/* HostSampler.bias: every token is there once. */
__device__ __forceinline__ void bias(const Slot &slot, float *row, const Bias *biases) {
    for (int i = threadIdx.x; i < slot.biases; i += THREADS) {
        row[biases[i].token] = __fadd_rn(row[biases[i].token], biases[i].added);
    }
    __syncthreads();
}

/* HostSampler.penalise, over the words of a history that have a token in them. */
__device__ __forceinline__ void penalise(const Slot &slot, float *row, const uint32_t *history, int half,
                                         const int *counts) {
    for (int word = threadIdx.x; word < half; word += THREADS) {
        uint32_t generated = history[half + word];
        for (uint32_t seen = history[word]; seen != 0; seen &= seen - 1) {
            int bit = __ffs(seen) - 1;
            float logit = row[32 * word + bit];
            logit = logit > 0 ? __fdiv_rn(logit, slot.repetition) : __fmul_rn(logit, slot.repetition);
            if (generated >> bit & 1) {
                if (slot.frequency != 0) {
                    logit = __fsub_rn(logit, __fmul_rn(slot.frequency, __int2float_rn(counts[32 * word + bit])));
                }
                logit = __fsub_rn(logit, slot.presence);
            }
            row[32 * word + bit] = logit;
        }
    }
    __syncthreads();
}

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

/* What a key counts for in the draw. */
__device__ __forceinline__ uint64_t share(const Slot &slot, uint64_t key, uint64_t least, float max) {
    if (key < least) {
        return 0;
    }
    uint64_t mine = weight(logit_of(key), max, slot.scale);
    return mine >= slot.least ? mine : 0;
}

/* The token at which the mass, counted stride by stride, exceeds a random part of it; warp 0 knows it. */
__device__ __forceinline__ int pick(Shared &shared, int &turn, const Slot &slot, const float *row, uint64_t least,
                                    float max) {
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
        uint64_t upTo = up_to_lane(token < slot.vocabulary ? share(slot, key_of(row[token], token), least, max) : 0);
        uint32_t beyond = __ballot_sync(0xffffffffu, upTo > left);
        if (beyond != 0) {
            return first + (__ffs(beyond) - 1) * THREADS;
        }
        left -= __shfl_sync(0xffffffffu, upTo, 31);
    }
}

/* Among what top-k, top-p and min-p leave; warp 0 knows the token. */
__device__ __forceinline__ int draw(Shared &shared, int &turn, const Slot &slot, const float *row, uint64_t mine,
                                    uint64_t best) {
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

/* This thread's greatest key. */
__device__ __forceinline__ uint64_t greatest(const float *row, int vocabulary) {
    uint64_t mine = 0;
    for (int i = threadIdx.x; i < vocabulary; i += THREADS) {
        mine = Greater()(mine, key_of(row[i], i));
    }
    return mine;
}

} // namespace

/*
 * grid (rows); logits [rows, width], used up; histories [sequences, 2, half] words: seen, generated;
 * counts [sequences, 32 * half].
 * tokens [rows]: what was drawn, or -1 - t where the logit of t was the first that is not finite, which
 * the row then still has in it.
 */
extern "C" __global__ void __launch_bounds__(THREADS)
    sample(float *logits, int width, const Slot *slots, uint32_t *histories, int half, int *counts, const Bias *biases,
           int *tokens, uint64_t *reports) {
    __shared__ Shared shared;
    longhand::follow_earlier_kernels();
    Slot slot = slots[blockIdx.x];
    float *row = logits + static_cast<long long>(blockIdx.x) * width;
    uint32_t *history = histories + static_cast<long long>(slot.history) * 2 * half;
    int *count = counts + static_cast<long long>(slot.history) * 32 * half;
    int turn = 0;
    uint64_t mine = greatest(row, slot.vocabulary);
    uint64_t best = over_block(shared, turn, mine, Greater());
    if (best < NOT_FINITE && slot.reported > 0) {
        report(shared, turn, slot, row, mine, best, reports + slot.report);
    }
    if (best < NOT_FINITE && (slot.biases > 0 || slot.history >= 0)) {
        if (slot.biases > 0) {
            bias(slot, row, biases + slot.bias);
        }
        if (slot.history >= 0) {
            penalise(slot, row, history, half, count);
        }
        mine = greatest(row, slot.vocabulary);
        best = over_block(shared, turn, mine, Greater());
    }
    int token = token_of(best);
    if (best < NOT_FINITE && slot.scale > 0) {
        token = draw(shared, turn, slot, row, mine, best);
    }
    if (threadIdx.x == 0) {
        tokens[blockIdx.x] = best < NOT_FINITE ? token : -1 - token;
        if (best < NOT_FINITE && slot.history >= 0) {
            history[token / 32] |= 1u << token % 32;
            history[half + token / 32] |= 1u << token % 32;
            if (slot.frequency != 0) {
                count[token]++;
            }
        }
    }
}
