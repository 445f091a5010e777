/*
 * Causal attention over the paged cache, for prompts and for decoding, with one arithmetic.
 *
 *   out[r, h, :] = softmax(scale q[r, h] . K) V,   over the positions up to that of row r
 *
 * or over the last of them in a window; where a family bounds scores, they become cap tanh(score / cap).
 *
 * Scores are K Q^T: 16 positions are the rows of a multiply and 8 columns are query heads of one KV head
 * (times rows, in a prompt): a group of 5 fills 5 of 8 columns where heads as rows would fill 5 of 16,
 * and every K and V row is read once for all of them. Then the weights, transposed in registers by
 * movmatrix, are the columns of V^T P, whose rows (16 elements of the head) come by ldmatrix.trans from
 * V in shared memory, staged by cp.async while the scores are made. One kernel covers groups 1 to 8.
 *
 * Order of sums, the same for any batch and any cut of a prompt: positions are cut into splits of
 * SPLIT_POSITIONS, and in a split warp w of 4 takes positions 16 w..16 w + 15 of every page with a running
 * softmax of its own; warps, then splits, are merged in ascending order. Positions beyond a column's row or
 * before its window weigh exactly 0 and leave its running maximum alone, so a column gets the same bits
 * whether its tile reaches further or not. In decoding a block has one split and leaves it for
 * attention_merge; in a prompt it walks all splits of its tile and merges as it goes.
 *
 * Decoding reads 4 * headDim bytes a position and KV head, all of it once; splits of 256 give
 * (context / 256) * kvHeads blocks a sequence: 512 for 8 heads at 16k, four for every SM of an H100.
 * Partial results are 4 * (headDim + 2) bytes for every 256 positions and head: 1.6 % of the bytes of
 * KV at a group of 5. Not confirmed on a GPU.
 */
#include "attention_arguments.cuh"
#include "dependent_launch.cuh"
#include "fragments.cuh"

using namespace longhand;

namespace {

constexpr int WARPS = 4;
constexpr int SPLIT_POSITIONS = 256;
constexpr int SPLIT_PAGES = SPLIT_POSITIONS / PAGE_POSITIONS;
constexpr float LOG2E = 1.4426950408889634f;
constexpr float NOTHING = -1e30f; /* a maximum over no positions; its weights are 2^-inf = 0 */

/* The columns of a block: `rows` rows from `first` on, `group` heads each. */
struct Columns {
    int first;
    int count;
    int group;
    int kvHead;

    __device__ int row(int column) const { return first + column / group; }
    __device__ int head(int column) const { return kvHead * group + column % group; }
};

__device__ __forceinline__ uint32_t transpose(uint32_t pair) {
    uint32_t result;
    asm("movmatrix.sync.aligned.m8n8.trans.b16 %0, %1;" : "=r"(result) : "r"(pair));
    return result;
}

__device__ __forceinline__ void load_transposed(uint32_t (&a)[4], const uint16_t *from) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(a[0]), "=r"(a[1]), "=r"(a[2]), "=r"(a[3])
                 : "r"(static_cast<uint32_t>(__cvta_generic_to_shared(from))));
}

/* A running softmax of 8 columns in one warp: lane (g, t) has columns 2t and 2t + 1. */
template <int DIM> struct Running {
    float max[2];
    float sum[2];
    float mixed[DIM / 16][4]; /* rows g and g + 8 of 16 elements, columns 2t and 2t + 1 */

    __device__ void clear() {
        max[0] = max[1] = NOTHING;
        sum[0] = sum[1] = 0;
#pragma unroll
        for (int d = 0; d < DIM / 16; d++) {
            mixed[d][0] = mixed[d][1] = mixed[d][2] = mixed[d][3] = 0;
        }
    }
};

/* Maximum of a value over the 8 lanes with the same t. */
__device__ __forceinline__ float max_over_rows(float value) {
#pragma unroll
    for (int step = 4; step < 32; step *= 2) {
        value = fmaxf(value, __shfl_xor_sync(0xffffffffu, value, step));
    }
    return value;
}

__device__ __forceinline__ float sum_over_rows(float value) {
#pragma unroll
    for (int step = 4; step < 32; step *= 2) {
        value += __shfl_xor_sync(0xffffffffu, value, step);
    }
    return value;
}

/* Turns the scores of 16 positions into weights; raises `running` to the new maximum and rescales it. */
template <int DIM>
__device__ __forceinline__ void weigh(float (&scores)[4], const int (&first)[2],
                                      const int (&last)[2], int position, Running<DIM> &running) {
#pragma unroll
    for (int c = 0; c < 2; c++) {
        bool above = position >= first[c] && position <= last[c];
        bool below = position + 8 >= first[c] && position + 8 <= last[c];
        float upper = above ? scores[c] : -INFINITY;
        float lower = below ? scores[c + 2] : -INFINITY;
        float max = fmaxf(running.max[c], max_over_rows(fmaxf(upper, lower)));
        float shrink = exp2f(running.max[c] - max);
        scores[c] = exp2f(upper - max);
        scores[c + 2] = exp2f(lower - max);
        running.max[c] = max;
        running.sum[c] = __fmaf_rn(running.sum[c], shrink, sum_over_rows(scores[c] + scores[c + 2]));
#pragma unroll
        for (int d = 0; d < DIM / 16; d++) {
            running.mixed[d][c] *= shrink;
            running.mixed[d][c + 2] *= shrink;
        }
    }
}

/* total += part, each relative to its maximum; written so that no compiler may fuse it differently. */
__device__ __forceinline__ void merge(float &total_max, float &total_sum, float &total, float max,
                                      float sum, float value) {
    float greater = fmaxf(total_max, max);
    float mine = exp2f(total_max - greater), other = exp2f(max - greater);
    total_sum = __fmaf_rn(sum, other, __fmul_rn(total_sum, mine));
    total = __fmaf_rn(value, other, __fmul_rn(total, mine));
    total_max = greater;
}

/* The results that the warps of a block exchange. */
template <int DIM> struct Exchange {
    float mixed[WARPS][8][DIM + 4];
    float sum[WARPS][8];
    float max[WARPS][8];
};

template <int DIM> struct Shared {
    static constexpr int V_PITCH = DIM + 8; /* 16 bytes more: the rows of an 8 x 8 hit all banks */
    uint16_t values[WARPS][16][V_PITCH];
    Exchange<DIM> exchange;
};

/* cap tanh(x) */
__device__ __forceinline__ float bounded(float x, float cap) {
    return cap - 2 * cap / (1 + exp2f(2 * LOG2E * x));
}

/* q of 8 columns as the B operand, scaled so that 2^x is the exponential. */
template <int DIM>
__device__ __forceinline__ void load_queries(ColumnChunk (&queries)[DIM / CHUNK], const AttentionArguments &a,
                                             const Columns &columns, int column) {
    int lane = threadIdx.x % 32, t = lane % 4;
    float scale = a.queryScale;
    bool valid = column < columns.count;
    const float *q = a.qkv;
    if (valid) {
        q += (static_cast<long long>(columns.row(column)) * (a.heads + 2 * a.kv.kvHeads) +
              columns.head(column)) *
             DIM;
    }
#pragma unroll
    for (int c = 0; c < DIM / CHUNK; c++) {
        float v[8] = {};
        if (valid) {
            *reinterpret_cast<float4 *>(v) = *reinterpret_cast<const float4 *>(q + c * CHUNK + 8 * t);
            *reinterpret_cast<float4 *>(v + 4) = *reinterpret_cast<const float4 *>(q + c * CHUNK + 8 * t + 4);
        }
        queries[c] = column_chunk(make_float4(v[0] * scale, v[1] * scale, v[2] * scale, v[3] * scale),
                                  make_float4(v[4] * scale, v[5] * scale, v[6] * scale, v[7] * scale));
    }
}

/* Attends to one warp's 16 positions of a page; those beyond `reach`, the tile's furthest, count as
 * absent. */
template <int DIM>
__device__ __forceinline__ void attend_page(const AttentionArguments &a, const Columns &columns,
                                            const ColumnChunk (&queries)[DIM / CHUNK], int page, int start,
                                            int reach, const int (&first_seen)[2], const int (&last)[2],
                                            Running<DIM> &running,
                                            uint16_t (*staged)[Shared<DIM>::V_PITCH]) {
    int lane = threadIdx.x % 32, warp = threadIdx.x / 32, g = lane / 4, t = lane % 4;
    int first = warp * 16; /* in the page */
    const uint16_t *values = a.kv.values + a.kv.at(page, columns.kvHead, first);
#pragma unroll
    for (int i = lane; i < 16 * DIM / 8; i += 32) {
        int position = i / (DIM / 8), part = i % (DIM / 8) * 8;
        copy_async(&staged[position][part], values + position * DIM + part,
                   start + first + position <= reach);
    }
    commit_copies();

    const uint16_t *keys = a.kv.keys + a.kv.at(page, columns.kvHead, first);
    float scores[4] = {};
#pragma unroll
    for (int c = 0; c < DIM / CHUNK; c++) {
        uint4 upper = make_uint4(0, 0, 0, 0), lower = upper;
        if (start + first + g <= reach) {
            upper = *reinterpret_cast<const uint4 *>(keys + g * DIM + c * CHUNK + 8 * t);
        }
        if (start + first + g + 8 <= reach) {
            lower = *reinterpret_cast<const uint4 *>(keys + (g + 8) * DIM + c * CHUNK + 8 * t);
        }
        multiply_chunk(scores, upper, lower, queries[c]);
    }
    if (a.cap > 0) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            scores[i] = bounded(scores[i], a.cap);
        }
    }
    weigh<DIM>(scores, first_seen, last, start + first + g, running);
    uint32_t b0 = transpose(pack_bf16(scores[0], scores[1]));
    uint32_t b1 = transpose(pack_bf16(scores[2], scores[3]));

    await_copies<0>();
    __syncwarp();
    /* the 8 x 8 blocks of V^T: elements d..d+7 and d+8..d+15 of positions 0..7 and 8..15 */
    const uint16_t *block = &staged[lane % 8 + lane / 16 * 8][lane / 8 % 2 * 8];
#pragma unroll
    for (int d = 0; d < DIM / 16; d++) {
        uint32_t v[4];
        load_transposed(v, block + 16 * d);
        multiply(running.mixed[d], v[0], v[1], v[2], v[3], b0, b1);
    }
    __syncwarp(); /* before the next page is staged over this one */
}

/* Stores a warp's running softmax where the whole block can read it. */
template <int DIM>
__device__ __forceinline__ void publish(Exchange<DIM> &exchange, const Running<DIM> &running) {
    int lane = threadIdx.x % 32, warp = threadIdx.x / 32, g = lane / 4, t = lane % 4;
#pragma unroll
    for (int c = 0; c < 2; c++) {
#pragma unroll
        for (int d = 0; d < DIM / 16; d++) {
            exchange.mixed[warp][2 * t + c][16 * d + g] = running.mixed[d][c];
            exchange.mixed[warp][2 * t + c][16 * d + g + 8] = running.mixed[d][c + 2];
        }
        if (g == 0) {
            exchange.sum[warp][2 * t + c] = running.sum[c];
            exchange.max[warp][2 * t + c] = running.max[c];
        }
    }
}

/* The four warps' results for one column and element, merged in ascending order. */
template <int DIM>
__device__ __forceinline__ void merge_warps(const Exchange<DIM> &exchange, int column, int element,
                                            float &max, float &sum, float &value) {
    max = exchange.max[0][column];
    sum = exchange.sum[0][column];
    value = exchange.mixed[0][column][element];
#pragma unroll
    for (int warp = 1; warp < WARPS; warp++) {
        merge(max, sum, value, exchange.max[warp][column], exchange.sum[warp][column],
              exchange.mixed[warp][column][element]);
    }
}

/* Pages of one split up to `reach`, for one tile of 8 columns. */
template <int DIM>
__device__ __forceinline__ void attend_split(const AttentionArguments &a, const Columns &columns, int tile,
                                             int sequence, int split, int reach, Shared<DIM> &shared) {
    int lane = threadIdx.x % 32, warp = threadIdx.x / 32, t = lane % 4;
    ColumnChunk queries[DIM / CHUNK];
    load_queries<DIM>(queries, a, columns, tile * 8 + lane / 4);
    int first[2], last[2];
#pragma unroll
    for (int c = 0; c < 2; c++) {
        int column = tile * 8 + 2 * t + c;
        last[c] = column < columns.count ? a.batch.positions[columns.row(column)] : -1;
        first[c] = a.first(last[c]);
    }
    int begin = a.first(a.batch.positions[columns.row(tile * 8)]);
    Running<DIM> running;
    running.clear();
    for (int p = 0; p < SPLIT_PAGES; p++) {
        int start = split * SPLIT_POSITIONS + p * PAGE_POSITIONS;
        if (start <= reach && start + PAGE_POSITIONS > begin) {
            attend_page<DIM>(a, columns, queries, a.batch.page(sequence, start), start, reach, first, last,
                             running, shared.values[warp]);
        }
    }
    publish<DIM>(shared.exchange, running);
}

/* grid (rows, kvHeads, splits) */
template <int DIM> __device__ __forceinline__ void decode(const AttentionArguments &a) {
    __shared__ Shared<DIM> shared;
    follow_earlier_kernels();
    int group = a.heads / a.kv.kvHeads;
    Columns columns{static_cast<int>(blockIdx.x), group, group, static_cast<int>(blockIdx.y)};
    int split = blockIdx.z;
    int reach = a.batch.positions[columns.first];
    if (split * SPLIT_POSITIONS > reach || (split + 1) * SPLIT_POSITIONS <= a.first(reach)) {
        return;
    }
    attend_split<DIM>(a, columns, 0, a.batch.sequences[columns.first], split, reach, shared);
    __syncthreads();
    for (int i = threadIdx.x; i < group * DIM; i += WARPS * 32) {
        int column = i / DIM, element = i % DIM;
        float max, sum, value;
        merge_warps<DIM>(shared.exchange, column, element, max, sum, value);
        float *to = a.partials +
                    ((static_cast<long long>(columns.first) * a.heads + columns.head(column)) * a.splits +
                     split) *
                        (DIM + 2);
        to[element] = value;
        if (element == 0) {
            to[DIM] = sum;
            to[DIM + 1] = max;
        }
    }
}

/* grid (rows, heads), a thread per element */
template <int DIM> __device__ __forceinline__ void merge_splits(const AttentionArguments &a) {
    follow_earlier_kernels();
    int row = blockIdx.x, head = blockIdx.y, element = threadIdx.x;
    int splits = a.batch.positions[row] / SPLIT_POSITIONS + 1;
    int first = a.first(a.batch.positions[row]) / SPLIT_POSITIONS;
    const float *from =
        a.partials + ((static_cast<long long>(row) * a.heads + head) * a.splits + first) * (DIM + 2);
    float max = from[DIM + 1], sum = from[DIM], value = from[element];
    for (int split = first + 1; split < splits; split++) {
        from += DIM + 2;
        merge(max, sum, value, from[DIM + 1], from[DIM], from[element]);
    }
    a.out[(static_cast<long long>(row) * a.heads + head) * DIM + element] = value / sum;
}

/*
 * grid (tiles of TILE_ROWS rows, kvHeads); `tiles` are (first row, rows) of one sequence each. Columns
 * go by 8, each with its own walk over the splits; K and V of the repeats come from L2.
 */
template <int DIM> __device__ __forceinline__ void prefill(const AttentionArguments &a, const int2 *tiles) {
    __shared__ Shared<DIM> shared;
    follow_earlier_kernels();
    int2 rows = tiles[blockIdx.x];
    int group = a.heads / a.kv.kvHeads;
    Columns columns{rows.x, rows.y * group, group, static_cast<int>(blockIdx.y)};
    int sequence = a.batch.sequences[rows.x];
    constexpr int PER_THREAD = 8 * DIM / (WARPS * 32);
    for (int tile = 0; tile * 8 < columns.count; tile++) {
        int last_column = min(tile * 8 + 7, columns.count - 1);
        int reach = a.batch.positions[columns.row(last_column)];
        int first = a.first(a.batch.positions[columns.row(tile * 8)]) / SPLIT_POSITIONS;
        float max[PER_THREAD], sum[PER_THREAD], value[PER_THREAD];
        for (int split = first; split * SPLIT_POSITIONS <= reach; split++) {
            attend_split<DIM>(a, columns, tile, sequence, split, reach, shared);
            __syncthreads();
#pragma unroll
            for (int i = 0; i < PER_THREAD; i++) {
                int at = threadIdx.x + i * WARPS * 32, column = at / DIM, element = at % DIM;
                float split_max, split_sum, split_value;
                merge_warps<DIM>(shared.exchange, column, element, split_max, split_sum, split_value);
                int global = tile * 8 + column;
                bool seen = global < columns.count &&
                            split * SPLIT_POSITIONS <= a.batch.positions[columns.row(global)];
                if (split == first) {
                    max[i] = split_max;
                    sum[i] = split_sum;
                    value[i] = split_value;
                } else if (seen) {
                    merge(max[i], sum[i], value[i], split_max, split_sum, split_value);
                }
            }
            __syncthreads();
        }
#pragma unroll
        for (int i = 0; i < PER_THREAD; i++) {
            int at = threadIdx.x + i * WARPS * 32, column = tile * 8 + at / DIM;
            if (column < columns.count) {
                a.out[(static_cast<long long>(columns.row(column)) * a.heads + columns.head(column)) * DIM +
                      at % DIM] = value[i] / sum[i];
            }
        }
    }
}

} // namespace

#define ATTENTION(dim)                                                                             \
    extern "C" __global__ void __launch_bounds__(128) attention_decode_##dim(AttentionArguments a) { \
        decode<dim>(a);                                                                            \
    }                                                                                              \
    extern "C" __global__ void __launch_bounds__(dim) attention_merge_##dim(AttentionArguments a) {  \
        merge_splits<dim>(a);                                                                      \
    }                                                                                              \
    extern "C" __global__ void __launch_bounds__(128)                                              \
        attention_prefill_##dim(AttentionArguments a, const int2 *tiles) {                         \
        prefill<dim>(a, tiles);                                                                    \
    }

ATTENTION(32)
ATTENTION(64)
ATTENTION(128)
