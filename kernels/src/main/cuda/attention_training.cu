/*
 * Causal attention of one sequence in training, without a cache; attention.CausalAttention is the contract.
 * q, out, dout, dq [positions, heads dim], k, v, dk, dv [positions, kvHeads dim], lse, delta
 * [positions, heads], all f32; operands become bf16 on the way into a multiply, sums and softmax are f32.
 *
 * Forward: a block has a head and 64 queries, a warp 16 of them, and walks the keys in tiles of 32 with a
 * running softmax. Scores are scaled, and bounded where a family does, after the product, so that the
 * backward kernels make them again from the same operands, with the same bits.
 *
 * Backward, deterministic and without atomics, after Dao, "FlashAttention-2" (2023): with P = exp(S - lse),
 * dP = dout v', dS = P (dP - delta) times the slope of a bound, delta = the sum of dout out over a
 * head's elements,
 *   attention_backward_queries: a head and 64 queries, dq = sum over key tiles, ascending, of dS k;
 *   attention_backward_keys: a key head and 64 keys, dk = the sum of dS' q, dv = the sum of P' dout, over the
 *     heads of the group, ascending, and in each over the query tiles, ascending.
 * That is 7 products of positions^2 / 2 where one kernel with atomic additions to dq has 5, whose order of
 * sums is any.
 *
 * The accumulators of a multiply lie as its A operand does, so P and dS need no exchange between lanes.
 * Tiles above the diagonal or before the window are not visited. A template covers every even dim up to its
 * own by zeros. Tiles of keys are loaded without overlap, one barrier before and one after: cp.async is not
 * possible while activations are f32. Two blocks a SM are asked for, as ptxas would else spill 8 to 20
 * bytes to fit a third or fourth. Unconfirmed on a GPU.
 */
#include "causal_attention.cuh"
#include "matrix_fragments.cuh"

using namespace longhand;

namespace {

constexpr int THREADS = 128;
constexpr int ROWS = 64; /* of a block; 16 of a warp */
constexpr int KEYS = 32; /* of a tile under the queries */
constexpr int QUERIES = 16; /* of a tile under the keys */
constexpr float LOG2E = 1.4426950408889634f;
constexpr float NOTHING = -1e30f; /* a maximum over no keys; its weights are 2^-inf = 0 */
constexpr float LN2 = 0.6931471805599453f;

/* Rows of one head as a bf16 tile; rows beyond the last position are zeros. */
template <int DIM>
__device__ __forceinline__ void load_tile(uint16_t *tile, const float *from, int stride, int rows, int count,
                                          int dim) {
    bool aligned = rows_aligned(from, stride);
    for (int i = threadIdx.x; i < rows * (DIM / 8); i += THREADS) {
        int row = i / (DIM / 8), d = i % (DIM / 8) * 8;
        Packed8 group = load_packed(from + static_cast<long long>(row) * stride + d,
                                    row < count ? dim - d : 0, aligned);
        *reinterpret_cast<uint4 *>(tile + row * (DIM + PITCH_PADDING) + d) = group.bits;
    }
}

/* 16 rows of one head as A operands, of lanes' rows g and g + 8 from `first` on. */
template <int DIM>
__device__ __forceinline__ void load_operand(uint32_t (&a)[DIM / 16][4], const float *from, int stride,
                                             int first, int count, int dim) {
    int g = threadIdx.x % 32 / 4, t = threadIdx.x % 4;
#pragma unroll
    for (int half = 0; half < 2; half++) {
        int row = first + g + 8 * half;
        const float *at = from + static_cast<long long>(row) * stride;
        int width = row < count ? dim : 0;
#pragma unroll
        for (int d = 0; d < DIM / 16; d++) {
            a[d][half] = load_pair(at, 16 * d + 2 * t, width);
            a[d][half + 2] = load_pair(at, 16 * d + 8 + 2 * t, width);
        }
    }
}

/* sums[16 x 8 TILES] = A[16 x DIM] times rows of a tile. */
template <int DIM, int TILES>
__device__ __forceinline__ void multiply_rows(float (&sums)[TILES][4], const uint32_t (&a)[DIM / 16][4],
                                              const uint16_t *tile) {
#pragma unroll
    for (int n = 0; n < TILES; n++) {
        sums[n][0] = sums[n][1] = sums[n][2] = sums[n][3] = 0;
    }
#pragma unroll
    for (int d = 0; d < DIM / 16; d++) {
#pragma unroll
        for (int n = 0; n < TILES; n += 2) {
            uint32_t b[4];
            load_columns(b, tile, DIM + PITCH_PADDING, 8 * n, 16 * d);
            multiply(sums[n], a[d][0], a[d][1], a[d][2], a[d][3], b[0], b[1]);
            multiply(sums[n + 1], a[d][0], a[d][1], a[d][2], a[d][3], b[2], b[3]);
        }
    }
}

/* The same with A from a tile, at row `first`. */
template <int DIM, int TILES>
__device__ __forceinline__ void multiply_tiles(float (&sums)[TILES][4], const uint16_t *a_tile, int first,
                                               const uint16_t *tile) {
#pragma unroll
    for (int n = 0; n < TILES; n++) {
        sums[n][0] = sums[n][1] = sums[n][2] = sums[n][3] = 0;
    }
#pragma unroll
    for (int d = 0; d < DIM / 16; d++) {
        uint32_t a[4];
        load_rows(a, a_tile, DIM + PITCH_PADDING, first, 16 * d);
#pragma unroll
        for (int n = 0; n < TILES; n += 2) {
            uint32_t b[4];
            load_columns(b, tile, DIM + PITCH_PADDING, 8 * n, 16 * d);
            multiply(sums[n], a[0], a[1], a[2], a[3], b[0], b[1]);
            multiply(sums[n + 1], a[0], a[1], a[2], a[3], b[2], b[3]);
        }
    }
}

/* totals[16 x DIM] += weights[16 x 8 TILES] times a tile [8 TILES][DIM]. */
template <int DIM, int TILES>
__device__ __forceinline__ void add_weighted(float (&totals)[DIM / 8][4], const float (&weights)[TILES][4],
                                             const uint16_t *tile) {
#pragma unroll
    for (int n = 0; n < TILES; n += 2) {
        uint32_t a0 = pack_bf16(weights[n][0], weights[n][1]);
        uint32_t a1 = pack_bf16(weights[n][2], weights[n][3]);
        uint32_t a2 = pack_bf16(weights[n + 1][0], weights[n + 1][1]);
        uint32_t a3 = pack_bf16(weights[n + 1][2], weights[n + 1][3]);
#pragma unroll
        for (int d = 0; d < DIM / 8; d += 2) {
            uint32_t b[4];
            load_columns_transposed(b, tile, DIM + PITCH_PADDING, 8 * d, 8 * n);
            multiply(totals[d], a0, a1, a2, a3, b[0], b[1]);
            multiply(totals[d + 1], a0, a1, a2, a3, b[2], b[3]);
        }
    }
}

template <int DIM> __device__ __forceinline__ void clear(float (&totals)[DIM / 8][4]) {
#pragma unroll
    for (int d = 0; d < DIM / 8; d++) {
        totals[d][0] = totals[d][1] = totals[d][2] = totals[d][3] = 0;
    }
}

/* Stores rows g and g + 8 from `first` on, times a factor for each half. */
template <int DIM>
__device__ __forceinline__ void store_rows(float *to, int stride, int first, int count, int dim,
                                           const float (&totals)[DIM / 8][4], float upper, float lower) {
    int g = threadIdx.x % 32 / 4, t = threadIdx.x % 4;
#pragma unroll
    for (int i = 0; i < DIM / 8 * 4; i++) {
        int row = first + g + i % 4 / 2 * 8, d = i / 4 * 8 + 2 * t + i % 2;
        if (row < count && d < dim) {
            to[static_cast<long long>(row) * stride + d] = totals[i / 4][i % 4] * (i % 4 < 2 ? upper : lower);
        }
    }
}

__device__ __forceinline__ float max_of_quad(float value) {
    value = fmaxf(value, __shfl_xor_sync(0xffffffffu, value, 1));
    return fmaxf(value, __shfl_xor_sync(0xffffffffu, value, 2));
}

__device__ __forceinline__ float sum_of_quad(float value) {
    value += __shfl_xor_sync(0xffffffffu, value, 1);
    return value + __shfl_xor_sync(0xffffffffu, value, 2);
}

/* Query tiles with the most keys come first. */
__device__ __forceinline__ int first_query() { return (gridDim.x - 1 - blockIdx.x) * ROWS; }

template <int DIM> __device__ __forceinline__ void forward(const CausalAttention &a, float *out, float *lse) {
    __shared__ __align__(16) uint16_t keys[KEYS * (DIM + PITCH_PADDING)];
    __shared__ __align__(16) uint16_t values[KEYS * (DIM + PITCH_PADDING)];
    int head = blockIdx.y, kvHead = head / (a.heads / a.kvHeads), warp = threadIdx.x / 32;
    int g = threadIdx.x % 32 / 4, t = threadIdx.x % 4;
    int block = first_query(), first = block + 16 * warp;
    int end = min(block + ROWS, a.positions), stride = a.kvHeads * a.dim;
    uint32_t queries[DIM / 16][4];
    load_operand<DIM>(queries, a.q + a.query(0, head), a.heads * a.dim, first, a.positions, a.dim);
    float mixed[DIM / 8][4], scores[KEYS / 8][4];
    float max[2] = {NOTHING, NOTHING}, sum[2] = {0, 0};
    clear<DIM>(mixed);
    for (int key = a.first(block) / KEYS * KEYS; key < end; key += KEYS) {
        __syncthreads();
        load_tile<DIM>(keys, a.k + a.key(key, kvHead), stride, KEYS, a.positions - key, a.dim);
        load_tile<DIM>(values, a.v + a.key(key, kvHead), stride, KEYS, a.positions - key, a.dim);
        __syncthreads();
        multiply_rows<DIM>(scores, queries, keys);
        float largest[2] = {max[0], max[1]};
#pragma unroll
        for (int i = 0; i < KEYS / 2; i++) {
            int half = i % 4 / 2, at = key + i / 4 * 8 + 2 * t + i % 2;
            float &score = scores[i / 4][i % 4];
            score = a.sees(first + g + 8 * half, at) ? a.score(score) : -INFINITY;
            largest[half] = fmaxf(largest[half], score);
        }
#pragma unroll
        for (int half = 0; half < 2; half++) {
            largest[half] = max_of_quad(largest[half]);
            float shrink = exp2f(max[half] - largest[half]);
            max[half] = largest[half];
            sum[half] *= shrink;
#pragma unroll
            for (int d = 0; d < DIM / 8; d++) {
                mixed[d][2 * half] *= shrink;
                mixed[d][2 * half + 1] *= shrink;
            }
        }
        float added[2] = {0, 0};
#pragma unroll
        for (int i = 0; i < KEYS / 2; i++) {
            float &score = scores[i / 4][i % 4];
            score = exp2f(score - max[i % 4 / 2]);
            added[i % 4 / 2] += score;
        }
        sum[0] += sum_of_quad(added[0]);
        sum[1] += sum_of_quad(added[1]);
        add_weighted<DIM>(mixed, scores, values);
    }
    store_rows<DIM>(out + a.query(0, head), a.heads * a.dim, first, a.positions, a.dim, mixed, 1 / sum[0],
                    1 / sum[1]);
    if (t < 2 && first + g + 8 * t < a.positions) {
        int row = first + g + 8 * t;
        float largest = t == 0 ? max[0] : max[1], total = t == 0 ? sum[0] : sum[1];
        lse[static_cast<long long>(row) * a.heads + head] = largest * LN2 + logf(total);
    }
}

template <int DIM>
__device__ __forceinline__ void backward_queries(const CausalAttention &a, const float *dout,
                                                 const float *lse, const float *delta, float *dq) {
    __shared__ __align__(16) uint16_t keys[KEYS * (DIM + PITCH_PADDING)];
    __shared__ __align__(16) uint16_t values[KEYS * (DIM + PITCH_PADDING)];
    int head = blockIdx.y, kvHead = head / (a.heads / a.kvHeads), warp = threadIdx.x / 32;
    int g = threadIdx.x % 32 / 4, t = threadIdx.x % 4;
    int block = first_query(), first = block + 16 * warp;
    int end = min(block + ROWS, a.positions), stride = a.kvHeads * a.dim;
    uint32_t queries[DIM / 16][4], gradients[DIM / 16][4];
    load_operand<DIM>(queries, a.q + a.query(0, head), a.heads * a.dim, first, a.positions, a.dim);
    load_operand<DIM>(gradients, dout + a.query(0, head), a.heads * a.dim, first, a.positions, a.dim);
    float totals[DIM / 8][4], scores[KEYS / 8][4], dscores[KEYS / 8][4], sums[2] = {0, 0}, deltas[2] = {0, 0};
#pragma unroll
    for (int half = 0; half < 2; half++) {
        int row = first + g + 8 * half;
        if (row < a.positions) {
            sums[half] = lse[static_cast<long long>(row) * a.heads + head] * LOG2E;
            deltas[half] = delta[static_cast<long long>(row) * a.heads + head];
        }
    }
    clear<DIM>(totals);
    for (int key = a.first(block) / KEYS * KEYS; key < end; key += KEYS) {
        __syncthreads();
        load_tile<DIM>(keys, a.k + a.key(key, kvHead), stride, KEYS, a.positions - key, a.dim);
        load_tile<DIM>(values, a.v + a.key(key, kvHead), stride, KEYS, a.positions - key, a.dim);
        __syncthreads();
        multiply_rows<DIM>(scores, queries, keys);
        multiply_rows<DIM>(dscores, gradients, values);
#pragma unroll
        for (int i = 0; i < KEYS / 2; i++) {
            int half = i % 4 / 2, at = key + i / 4 * 8 + 2 * t + i % 2;
            float product = scores[i / 4][i % 4], weight = exp2f(a.score(product) - sums[half]);
            float dscore = weight * (dscores[i / 4][i % 4] - deltas[half]) * a.slope(product);
            dscores[i / 4][i % 4] = a.sees(first + g + 8 * half, at) ? dscore : 0.0f;
        }
        add_weighted<DIM>(totals, dscores, keys);
    }
    store_rows<DIM>(dq + a.query(0, head), a.heads * a.dim, first, a.positions, a.dim, totals, a.scale,
                    a.scale);
}

template <int DIM>
__device__ __forceinline__ void backward_keys(const CausalAttention &a, const float *dout, const float *lse,
                                              const float *delta, float *dk, float *dv) {
    __shared__ __align__(16) uint16_t keys[ROWS * (DIM + PITCH_PADDING)];
    __shared__ __align__(16) uint16_t values[ROWS * (DIM + PITCH_PADDING)];
    __shared__ __align__(16) uint16_t queries[QUERIES * (DIM + PITCH_PADDING)];
    __shared__ __align__(16) uint16_t gradients[QUERIES * (DIM + PITCH_PADDING)];
    __shared__ float sums[QUERIES], deltas[QUERIES];
    int kvHead = blockIdx.y, group = a.heads / a.kvHeads, at_row = threadIdx.x / 32 * 16;
    int g = threadIdx.x % 32 / 4, t = threadIdx.x % 4;
    int block = blockIdx.x * ROWS, stride = a.kvHeads * a.dim, query_stride = a.heads * a.dim;
    load_tile<DIM>(keys, a.k + a.key(block, kvHead), stride, ROWS, a.positions - block, a.dim);
    load_tile<DIM>(values, a.v + a.key(block, kvHead), stride, ROWS, a.positions - block, a.dim);
    float dkeys[DIM / 8][4], dvalues[DIM / 8][4], weights[QUERIES / 8][4], dweights[QUERIES / 8][4];
    clear<DIM>(dkeys);
    clear<DIM>(dvalues);
    for (int head = kvHead * group; head < (kvHead + 1) * group; head++) {
        int end = min(a.positions, a.window < a.positions ? block + ROWS - 1 + a.window : a.positions);
        for (int query = block; query < end; query += QUERIES) {
            __syncthreads();
            int count = a.positions - query;
            load_tile<DIM>(queries, a.q + a.query(query, head), query_stride, QUERIES, count, a.dim);
            load_tile<DIM>(gradients, dout + a.query(query, head), query_stride, QUERIES, count, a.dim);
            if (threadIdx.x < QUERIES) {
                bool valid = threadIdx.x < count;
                long long from = static_cast<long long>(query + threadIdx.x) * a.heads + head;
                sums[threadIdx.x] = valid ? lse[from] * LOG2E : INFINITY; /* of weight 0 */
                deltas[threadIdx.x] = valid ? delta[from] : 0.0f;
            }
            __syncthreads();
            multiply_tiles<DIM>(weights, keys, at_row, queries);
            multiply_tiles<DIM>(dweights, values, at_row, gradients);
#pragma unroll
            for (int i = 0; i < QUERIES / 2; i++) {
                int column = i / 4 * 8 + 2 * t + i % 2, key = block + at_row + g + i % 4 / 2 * 8;
                float &weight = weights[i / 4][i % 4];
                float product = weight;
                weight = a.sees(query + column, key) ? exp2f(a.score(product) - sums[column]) : 0.0f;
                dweights[i / 4][i % 4] =
                    weight * (dweights[i / 4][i % 4] - deltas[column]) * a.slope(product);
            }
            add_weighted<DIM>(dvalues, weights, gradients);
            add_weighted<DIM>(dkeys, dweights, queries);
        }
    }
    store_rows<DIM>(dk + a.key(0, kvHead), stride, block + at_row, a.positions, a.dim, dkeys, a.scale,
                    a.scale);
    store_rows<DIM>(dv + a.key(0, kvHead), stride, block + at_row, a.positions, a.dim, dvalues, 1, 1);
}

} // namespace

/* delta[r, h] = the sum of dout out over the elements of a head; a warp for each. */
extern "C" __global__ void __launch_bounds__(THREADS)
    attention_delta(const float *dout, const float *out, float *delta, int pairs, int dim) {
    int pair = blockIdx.x * (THREADS / 32) + threadIdx.x / 32;
    if (pair < pairs) {
        long long first = static_cast<long long>(pair) * dim;
        float sum = 0;
        for (int d = threadIdx.x % 32; d < dim; d += 32) {
            sum += dout[first + d] * out[first + d];
        }
#pragma unroll
        for (int step = 16; step > 0; step /= 2) {
            sum += __shfl_xor_sync(0xffffffffu, sum, step);
        }
        if (threadIdx.x % 32 == 0) {
            delta[pair] = sum;
        }
    }
}

#define ATTENTION(dim)                                                                             \
    extern "C" __global__ void __launch_bounds__(THREADS, 2)                                       \
        attention_forward_##dim(CausalAttention a, float *out, float *lse) {                       \
        forward<dim>(a, out, lse);                                                                 \
    }                                                                                              \
    extern "C" __global__ void __launch_bounds__(THREADS, 2) attention_backward_queries_##dim(     \
        CausalAttention a, const float *dout, const float *lse, const float *delta, float *dq) {   \
        backward_queries<dim>(a, dout, lse, delta, dq);                                            \
    }                                                                                              \
    extern "C" __global__ void __launch_bounds__(THREADS, 2)                                       \
        attention_backward_keys_##dim(CausalAttention a, const float *dout, const float *lse,      \
                                      const float *delta, float *dk, float *dv) {                  \
        backward_keys<dim>(a, dout, lse, delta, dk, dv);                                           \
    }

ATTENTION(32)
ATTENTION(64)
ATTENTION(128)
