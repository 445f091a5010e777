/*
 * Linear layers for many rows (prefill), the same sums as linear_skinny.cuh to the bit; linear.cuh says
 * which. W in a format of weights.cuh, x f32 with a width that is a multiple of 32; out f32.
 *
 * A block has a tile of 64 outputs by 64 rows and walks K in chunks of 32, STAGES of them under way
 * by cp.async: in bf16 4 KiB of W and 9 KiB of x each. Warps are placed 2 x 2 with 32 x 32 sums: per
 * chunk a lane reads 4 * 16 bytes of W and 8 * 16 of x for 16 multiplies. A row of W is 64 bytes of
 * shared memory: the 8 lanes of a quarter warp read two rows, 128 bytes on end, no bank twice. A row of x
 * is padded to 144 bytes, so that the eight 16-byte reads (32 bytes apart in a row) of two rows
 * interleave. Rounding x to bf16 happens between shared memory and registers. The sums of a slice of K
 * are flushed into totals at its end, which costs 32 registers and 32 adds a slice: 8 of them for all of
 * K.
 *
 * Quantised weights lie in shared memory as they do in global memory, in the order of lanes, and become
 * bf16 in registers: once for the 4 multiplies by 8 rows each that a warp has for them. Where a load is of
 * two chunks, it is in the stage of the first. Scales of a block of four chunks come with its first chunk.
 *
 * 64 x 64 tiles reuse each byte of W 64 times: 32 flop a byte of L2 traffic for W and 16 for x, enough
 * for a correct start, below what a tensor-core bound kernel wants (128 x 128). Not confirmed on a GPU.
 */
#include "lora.cuh"
#include "weights.cuh"

using namespace longhand;

namespace {

constexpr int TILE = 64;
constexpr int STAGES = 3;
constexpr int X_PITCH = CHUNK + 4; /* floats */
constexpr int THREADS = 128;

/* 64 rows of W in shared memory. */
template <class FORMAT> struct Staged;

template <> struct Staged<Bf16> {
    struct Codes {
        uint16_t rows[TILE][CHUNK];
    };
    struct Scales {};
    static constexpr int CHUNKS = 1; /* of a stage's codes */

    __device__ static __forceinline__ void fetch(Codes &codes, Scales *, const Problem &p, int chunk) {
        long long stride = static_cast<long long>(p.chunks) * CHUNK;
#pragma unroll
        for (int i = threadIdx.x; i < TILE * CHUNK / 8; i += THREADS) {
            int row = i / 4, part = i % 4 * 8;
            int output = min(static_cast<int>(blockIdx.x) * TILE + row, p.outputs - 1);
            const uint16_t *from = static_cast<const uint16_t *>(p.weights) + output * stride;
            copy_async(&codes.rows[row][part], from + chunk * CHUNK + part, true);
        }
    }

    __device__ static __forceinline__ PlainChunk chunk(const Codes &codes, const Scales *, int, int row) {
        int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
        return {*reinterpret_cast<const uint4 *>(&codes.rows[row + g][8 * t]),
                *reinterpret_cast<const uint4 *>(&codes.rows[row + g + 8][8 * t])};
    }
};

template <class CODES, class SCALES> struct Staged<Packed<CODES, SCALES>> {
    using Format = Packed<CODES, SCALES>;
    static constexpr int TILES = TILE / 16;
    struct Codes {
        uint4 tiles[TILES][Format::LANES];
    };
    struct Scales {
        SCALES tiles[TILES][Format::RECORDS];
    };
    static constexpr int CHUNKS = CODES::CHUNKS;
    static_assert(TILES * Format::LANES == THREADS, "a copy for each thread");

    __device__ static __forceinline__ int tile(const Problem &p, int index) {
        return min(static_cast<int>(blockIdx.x) * TILES + index, (p.outputs - 1) / 16);
    }

    __device__ static __forceinline__ void fetch(Codes &codes, Scales *scales, const Problem &p, int chunk) {
        int block = chunk / Format::BLOCK;
        if (chunk % CHUNKS == 0) {
            int index = threadIdx.x / Format::LANES, lane = threadIdx.x % Format::LANES;
            const uint4 *from = Format::codes(p, tile(p, index), block);
            int load = chunk % Format::BLOCK / CHUNKS;
            copy_async(&codes.tiles[index][lane], from + load * Format::LANES + lane, true);
        }
        constexpr int COPIES = sizeof(SCALES) * Format::RECORDS / 16; /* of a tile */
        if (chunk % Format::BLOCK == 0 && threadIdx.x < TILES * COPIES) {
            int index = threadIdx.x / COPIES, copy = threadIdx.x % COPIES;
            auto *to = reinterpret_cast<uint4 *>(scales[block % 2].tiles[index]);
            copy_async(to + copy,
                       reinterpret_cast<const uint4 *>(Format::scales(p, tile(p, index), block)) + copy,
                       true);
        }
    }

    __device__ static __forceinline__ ScaledChunk chunk(const Codes &codes, const Scales *scales, int chunk,
                                                        int row) {
        int lane = threadIdx.x % 32;
        const SCALES &own = scales[chunk / Format::BLOCK % 2].tiles[row / 16][lane / 4];
        return own.template chunk<CODES>(codes.tiles[row / 16][lane], chunk % CHUNKS, chunk % Format::BLOCK);
    }
};

template <class FORMAT> struct Stage {
    typename Staged<FORMAT>::Codes w;
    float x[TILE][X_PITCH];
};

/* The sums of a warp: 32 rows of W by 32 rows of x. */
struct Sums {
    float products[2][4][4];
    float squares[4];

    __device__ void clear() {
#pragma unroll
        for (int i = 0; i < 32; i++) {
            products[i / 16][i / 4 % 4][i % 4] = 0;
        }
#pragma unroll
        for (int n = 0; n < 4; n++) {
            squares[n] = 0;
        }
    }

    /* Adds the sums of a finished slice. */
    template <Kind KIND> __device__ void add(Sums &slice) {
#pragma unroll
        for (int i = 0; i < 32; i++) {
            float &total = products[i / 16][i / 4 % 4][i % 4];
            total = __fadd_rn(total, slice.products[i / 16][i / 4 % 4][i % 4]);
        }
        if (KIND != PLAIN) {
#pragma unroll
            for (int n = 0; n < 4; n++) {
                squares[n] = __fadd_rn(squares[n], sum_of_quad(slice.squares[n]));
            }
        }
        slice.clear();
    }
};

template <class FORMAT> struct Tiles {
    Stage<FORMAT> stages[STAGES];
    typename Staged<FORMAT>::Scales scales[2]; /* of the block that is read, and of the next one */
};

template <class FORMAT>
__device__ __forceinline__ void fetch(Tiles<FORMAT> &tiles, const Problem &p, int chunk) {
    Stage<FORMAT> &stage = tiles.stages[chunk % STAGES];
    Staged<FORMAT>::fetch(stage.w, tiles.scales, p, chunk);
#pragma unroll
    for (int i = threadIdx.x; i < TILE * CHUNK / 4; i += THREADS) {
        int row = i / 8, part = i % 8 * 4;
        int from = min(static_cast<int>(blockIdx.y) * TILE + row, p.rows - 1);
        copy_async(&stage.x[row][part],
                   p.x + static_cast<long long>(from) * p.width + chunk * CHUNK + part, true);
    }
}

template <class FORMAT, Kind KIND>
__device__ __forceinline__ void multiply_stage(const Tiles<FORMAT> &tiles, const Problem &p, int chunk,
                                               Sums &sums, int outputs_at, int rows_at) {
    int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
    const Stage<FORMAT> &stage = tiles.stages[chunk % STAGES];
    const auto &codes = tiles.stages[(chunk - chunk % Staged<FORMAT>::CHUNKS) % STAGES].w;
    typename FORMAT::Chunk w[2];
#pragma unroll
    for (int m = 0; m < 2; m++) {
        w[m] = Staged<FORMAT>::chunk(codes, tiles.scales, chunk, outputs_at + 16 * m);
    }
#pragma unroll
    for (int n = 0; n < 4; n++) {
        const float *x = &stage.x[rows_at + 8 * n + g][8 * t];
        ColumnChunk b = operand<KIND>(*reinterpret_cast<const float4 *>(x),
                                      *reinterpret_cast<const float4 *>(x + 4),
                                      p.norm + chunk * CHUNK + 8 * t, sums.squares[n]);
        w[0].add(sums.products[0][n], b);
        w[1].add(sums.products[1][n], b);
    }
}

template <Kind KIND>
__device__ __forceinline__ void finish(const Problem &p, const Sums &totals, int outputs_at, int rows_at) {
    int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
#pragma unroll
    for (int n = 0; n < 4; n++) {
        /* squares are of row g of a tile, products of rows 2t and 2t + 1 */
        float scale_of_g = KIND == PLAIN ? 1.0f : norm_scale(totals.squares[n], p);
#pragma unroll
        for (int c = 0; c < 2; c++) {
            float scale = KIND == PLAIN ? 1.0f : __shfl_sync(0xffffffffu, scale_of_g, (2 * t + c) * 4);
            int row = blockIdx.y * TILE + rows_at + 8 * n + 2 * t + c;
#pragma unroll
            for (int m = 0; m < 2; m++) {
                int packed = blockIdx.x * TILE + outputs_at + 16 * m;
                float upper = totals.products[m][n][c], lower = totals.products[m][n][c + 2];
                if (KIND != PLAIN) {
                    upper = __fmul_rn(upper, scale);
                    lower = __fmul_rn(lower, scale);
                }
                if (KIND == GATED) {
                    store_gated(p, row, packed / 2 + g, upper, lower);
                } else {
                    store(p, row, packed + g, upper);
                    store(p, row, packed + g + 8, lower);
                }
            }
        }
    }
}

template <class FORMAT, Kind KIND, bool LORA>
__device__ __forceinline__ void run(const Problem &p, const Adapted &adapted) {
    __shared__ Tiles<FORMAT> tiles;
    int warp = threadIdx.x / 32;
    int outputs_at = warp / 2 * 32, rows_at = warp % 2 * 32;
    int per_slice = slice_chunks(p.chunks, FORMAT::BLOCK);
    Sums totals, sums;
    totals.clear();
    sums.clear();
    for (int s = 0; s < STAGES - 1; s++) {
        if (s < p.chunks) {
            fetch(tiles, p, s);
        }
        commit_copies();
    }
    int flush = per_slice;
    for (int chunk = 0; chunk < p.chunks; chunk++) {
        await_copies<STAGES - 2>();
        __syncthreads(); /* the chunk is visible to all threads, and its predecessor's stage is free */
        if (chunk + STAGES - 1 < p.chunks) {
            fetch(tiles, p, chunk + STAGES - 1);
        }
        commit_copies();
        multiply_stage<FORMAT, KIND>(tiles, p, chunk, sums, outputs_at, rows_at);
        if (chunk + 1 == flush || chunk + 1 == p.chunks) {
            flush += per_slice;
            totals.add<KIND>(sums);
        }
    }
    if (LORA && adapted.rows != nullptr) {
        /* the slices of the ranks come after those of K, as in linear_skinny.cuh */
        for (int slice = 0; slice < SLICES; slice++) {
            expand<KIND, 2, 4>(sums.products, p, adapted, slice,
                               static_cast<int>(blockIdx.x) * TILE + outputs_at,
                               static_cast<int>(blockIdx.y) * TILE + rows_at);
            totals.add<PLAIN>(sums);
        }
    }
    finish<KIND>(p, totals, outputs_at, rows_at);
}

} // namespace

/* The kernel of a product, and its version with adapters. */
#define LINEAR_WIDE(name, lora, format, kind)                                                      \
    extern "C" __global__ void __launch_bounds__(THREADS) name(Problem p) {                        \
        run<format, kind, false>(p, {});                                                           \
    }                                                                                              \
    extern "C" __global__ void __launch_bounds__(THREADS) lora(Problem p, Adapted adapted) {       \
        run<format, kind, true>(p, adapted);                                                       \
    }

/* One kernel for both: without rows that have adapters it expands nothing. */
#define LINEAR_WIDE_BOTH(name, format, kind)                                                       \
    extern "C" __global__ void __launch_bounds__(THREADS) name(Problem p, Adapted adapted) {       \
        run<format, kind, true>(p, adapted);                                                       \
    }

/* The kernels of a quantised format. */
#define LINEAR_WIDE_KERNELS(name, format)                                                          \
    LINEAR_WIDE_BOTH(name, format, PLAIN)                                                          \
    LINEAR_WIDE_BOTH(name##_normed, format, NORMED)                                                \
    LINEAR_WIDE_BOTH(name##_gated, format, GATED)
