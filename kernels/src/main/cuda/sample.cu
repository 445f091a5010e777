/*
 * The next token of every row of logits: one launch, a block per row, every sampling mode, and the
 * tripwire for NaN and infinity. Only the token goes back, and the data for log-probabilities.
 *
 *   argmax; report of the unchanged logits; biases; penalties; allowed tokens; argmax again; temperature 0:
 *   that is the token; else top-k, of that top-p, of that min-p, and a sample
 *
 * The same token as dev.longhand.kernels.sampling.HostSampler, bit for bit, by making every number that
 * decides an integer whose order of summation cannot matter:
 *   - Tokens are ranked by keys of 52 bits: the logit's bits made ascending, then the token complemented,
 *     so that of equal logits the smaller token is first and no two keys are equal.
 *   - A token weighs 2^((logit - max) log2(e) / T) as a whole number of 2^-42: IEEE single operations in
 *     the order of FixedPointProbability.java, none fused, then shifted. 2^20 tokens, the most,
 *     of 2^42 add up to 2^62. Tokens below 2^-42 of the best weigh nothing.
 *   - Top-p keeps the shortest run of ranks that weighs at least ceil(p * mass), a product of 128 bits.
 *   - The sample counts through the kept tokens stride by stride (stride s: tokens s, s + 1024, ...) to
 *     floor(u * mass), u the 64 bits of Philox4x32-10 with the seed as key and the position as counter.
 * So a row's token depends on nothing but its logits, its history and its parameters.
 *
 * Keys are selected without sorting: sample_selection.cuh.
 *
 * Cost, computed, not measured: a row of 152,064 is 608 KB, which is in L2 when the head has just written
 * it; greedy reads it once, a draw twice and a few KB, penalties once more, a report once more, each at the
 * 64 bytes a clock that an SM takes from L2: 9,500 clocks, 5.4 us at 1.75 GHz. A narrowing is at most 52
 * barriers and twice as many shuffles of 5 steps, some 3 us; top-k and top-p together are three of them.
 * A step of one row keeps one SM busy, 64 rows 64 of them. Cutting a row over several SMs would need one
 * more launch for each number that all must know (maximum, mass), 2 to 3 us each: not done.
 * Considered and dropped: histograms of the keys' leading bits (nearly all logits share the first eight:
 * 152,064 shared atomics on a few words); exponentials in double (a 64th of the rate on cards that are
 * not for data centres); a sort of the row. Not confirmed on a GPU.
 *
 * The history of a sequence is two bits a token, seen and generated, on the device: read only where there
 * are penalties, once, a word for 32 tokens, and the logits of seen tokens are changed in place. How often a
 * token was generated is a word of its own, read only where there is a frequency penalty and the bit is set.
 * The kernel adds the token it sampled, so that a step sends no history. The biases of a sequence lie
 * beside it. The tokens that a row may sample are a bit for each, sent when they change.
 */
#include "dependent_launch.cuh"
#include "sample_draw.cuh"

using namespace longhand;

namespace {

/* Writes the reported tokens by rank, with the data for their log-probabilities. */
__device__ __forceinline__ void report(Shared &shared, int &turn, const Slot &slot, const float *row,
                                       uint64_t mine, uint64_t best, uint64_t *to) {
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

/* HostSampler.bias: every token is in `biases` once. */
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
                    float count = __int2float_rn(counts[32 * word + bit]);
                    logit = __fsub_rn(logit, __fmul_rn(slot.frequency, count));
                }
                logit = __fsub_rn(logit, slot.presence);
            }
            row[32 * word + bit] = logit;
        }
    }
    __syncthreads();
}

/* HostSampler.exclude: each thread changes the logits that it reads in `greatest`. */
__device__ __forceinline__ void exclude(const Slot &slot, float *row, const uint32_t *allowed) {
    for (int i = threadIdx.x; i < slot.vocabulary; i += THREADS) {
        if ((allowed[i / 32] >> i % 32 & 1) == 0) {
            row[i] = -FLT_MAX;
        }
    }
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
 * grid (rows); logits [rows, width], overwritten; histories [sequences, 2, half] words: seen, generated;
 * counts [sequences, 32 * half]; allowed [rows, half] words: a bit for each token. tokens [rows]: the
 * sampled token, or -1 - t if the logit of t is the first that is not finite; the row then still contains
 * it.
 */
extern "C" __global__ void __launch_bounds__(THREADS)
    sample(float *logits, int width, const Slot *slots, uint32_t *histories, int half, int *counts,
           const Bias *biases, const uint32_t *allowed, int *tokens, uint64_t *reports) {
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
    if (best < NOT_FINITE && (slot.biases > 0 || slot.history >= 0 || slot.allowed >= 0)) {
        if (slot.biases > 0) {
            bias(slot, row, biases + slot.bias);
        }
        if (slot.history >= 0) {
            penalise(slot, row, history, half, count);
        }
        if (slot.allowed >= 0) {
            exclude(slot, row, allowed + static_cast<long long>(slot.allowed) * half);
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
