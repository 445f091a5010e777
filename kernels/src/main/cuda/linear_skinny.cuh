/*
 * Linear layers for up to 16 rows; linear.cuh says which. W in a format of weights.cuh; x f32, rounded to
 * bf16 on the way into the multiply; sums and out f32.
 *
 * Bound by reading W once: in bf16 2 bytes for 2 * rows flops, 0.5 to 8 flop/byte against a balance of 150
 * and more, so the only thing that counts is bytes in flight. A block is 8 warps on the same 16 rows of W,
 * each with an eighth of K; a lane has in bf16 2 * STEP loads of 16 bytes under way, a block
 * 256 * 8 * 16 = 32 KiB, and at 70 to 80 registers, 3 blocks an SM, 96 KiB are in flight where 3.35 TB/s
 * * 600 ns / 132 SMs = 15 KB would do on paper and two to four times that in practice. Under adapters 9
 * to 16 rows leave room for 2 blocks an SM. Quantised weights are half as much, but loaded a block or two
 * before they are used, as they take longer to use: about 11 instructions for 8 of them.
 * W is the 16-row operand and the rows of x the 8 columns, so that 1 to 8 rows cost one multiply where
 * the other way round 16 rows would be computed for one. Rows 9 to 16 are a second column tile over the
 * same registers of W.
 *
 * Launched before its predecessor has ended (dependent_launch.cuh), a block prefetches into L2 the 4 KiB
 * that each of its warps reads first, 3 of int4: at 3 blocks an SM 12.7 MB, what 3.35 TB/s bring in 3.8 us.
 *
 * x comes from L2: 4 bytes * rows for each 2 * 16 bytes of W a block reads, and for half and a quarter as
 * many of quantised ones: at 8 rows int4 is bound by that and not by W. Not confirmed on a GPU.
 */
#include "dependent_launch.cuh"
#include "lora.cuh"
#include "weights.cuh"

using namespace longhand;

namespace {

constexpr int WARPS = SLICES;
constexpr int PITCH = 20; /* floats per column of partial sums: 8 t + g hits 32 different banks */

template <int TILES, bool LORA> struct Expanded {};

/* Sums of the adapters' product, if there is one. */
template <int TILES> struct Expanded<TILES, true> {
    float expanded[WARPS][TILES * 8 * PITCH];
};

template <Kind KIND, int TILES, bool LORA> struct Partials : Expanded<TILES, LORA> {
    float sums[WARPS][TILES * 8 * PITCH];
    float squares[WARPS][TILES * 8];

    __device__ float sum(int column, int output, bool adapted) const {
        float total = 0;
#pragma unroll
        for (int slice = 0; slice < WARPS; slice++) {
            total = __fadd_rn(total, sums[slice][column * PITCH + output]);
        }
        if constexpr (LORA) {
            if (adapted) {
#pragma unroll
                for (int slice = 0; slice < WARPS; slice++) {
                    total = __fadd_rn(total, this->expanded[slice][column * PITCH + output]);
                }
            }
        }
        return total;
    }

    __device__ float scale(const Problem &p, int column) const {
        float total = 0;
#pragma unroll
        for (int slice = 0; slice < WARPS; slice++) {
            total = __fadd_rn(total, squares[slice][column]);
        }
        return norm_scale(total, p);
    }
};

template <int PITCHED>
__device__ __forceinline__ void leave(float (&to)[PITCHED], int column, int g, const float (&sums)[4]) {
    float *at = to + column * PITCH + g;
    at[0] = sums[0];
    at[PITCH] = sums[1];
    at[8] = sums[2];
    at[PITCH + 8] = sums[3];
}

template <Kind KIND, int TILES, bool LORA>
__device__ __forceinline__ void finish(const Problem &p, const Partials<KIND, TILES, LORA> &partials,
                                       bool adapted) {
    int column = threadIdx.x / 16, output = threadIdx.x % 16;
    if (column >= 8 * TILES) {
        return;
    }
    int row = blockIdx.y * 8 * TILES + column;
    float scale = KIND == PLAIN ? 1.0f : partials.scale(p, column);
    if (KIND == GATED) {
        if (output < 8) {
            store_gated(p, row, blockIdx.x * 8 + output,
                        __fmul_rn(partials.sum(column, output, adapted), scale),
                        __fmul_rn(partials.sum(column, output + 8, adapted), scale));
        }
    } else {
        float sum = partials.sum(column, output, adapted);
        store(p, row, blockIdx.x * 16 + output, KIND == PLAIN ? sum : __fmul_rn(sum, scale));
    }
}

template <class FORMAT, Kind KIND, int TILES, bool ALIGNED, bool LORA>
__device__ __forceinline__ void run(const Problem &p, const Adapted &adapted) {
    __shared__ Partials<KIND, TILES, LORA> partials;
    int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    int g = lane / 4, t = lane % 4;
    int first_output = blockIdx.x * 16;
    int first_row = blockIdx.y * 8 * TILES;
    int per_slice = slice_chunks(p.chunks, FORMAT::BLOCK);
    int end = min((warp + 1) * per_slice, p.chunks);
    let_next_kernel_start();
    FORMAT::prefetch(p, first_output, warp * per_slice, end);
    await_earlier_kernels();
    float sums[TILES][4] = {};
    float squares[TILES] = {};

    typename FORMAT::Stream stream(p, first_output, warp * per_slice, end);
    for (int chunk = warp * per_slice; chunk < end; chunk += FORMAT::STEP) {
        stream.advance(chunk, end);
#pragma unroll
        for (int u = 0; u < FORMAT::STEP; u++) {
            if (chunk + u < end) {
                typename FORMAT::Chunk w = stream.chunk(u);
#pragma unroll
                for (int tile = 0; tile < TILES; tile++) {
                    w.add(sums[tile], load_x<KIND, ALIGNED>(p, first_row + 8 * tile + g,
                                                            (chunk + u) * CHUNK + 8 * t, squares[tile]));
                }
            }
        }
    }
#pragma unroll
    for (int tile = 0; tile < TILES; tile++) {
        leave(partials.sums[warp], 8 * tile + 2 * t, g, sums[tile]);
        if (KIND != PLAIN) {
            float of_row = sum_of_quad(squares[tile]);
            if (t == 0) {
                partials.squares[warp][8 * tile + g] = of_row;
            }
        }
    }
    bool any = LORA && adapted.rows != nullptr;
    if constexpr (LORA) {
        if (any) {
            float expanded[1][TILES][4] = {};
            expand<KIND, 1, TILES>(expanded, p, adapted, warp, first_output, first_row);
#pragma unroll
            for (int tile = 0; tile < TILES; tile++) {
                leave(partials.expanded[warp], 8 * tile + 2 * t, g, expanded[0][tile]);
            }
        }
    }
    __syncthreads();
    finish<KIND, TILES, LORA>(p, partials, any);
}

} // namespace

/* The kernel of a product, and its version with adapters. */
#define LINEAR_SKINNY(name, lora, format, kind, tiles, aligned)                                    \
    extern "C" __global__ void __launch_bounds__(256) name(Problem p) {                            \
        run<format, kind, tiles, aligned, false>(p, {});                                           \
    }                                                                                              \
    extern "C" __global__ void __launch_bounds__(256, tiles == 1 ? 3 : 2)                          \
        lora(Problem p, Adapted adapted) {                                                         \
        run<format, kind, tiles, aligned, true>(p, adapted);                                       \
    }

/* One kernel for both: without rows that have adapters it expands nothing. */
#define LINEAR_SKINNY_BOTH(name, format, kind, tiles, aligned)                                     \
    extern "C" __global__ void __launch_bounds__(256, tiles == 1 ? 3 : 2)                          \
        name(Problem p, Adapted adapted) {                                                         \
        run<format, kind, tiles, aligned, true>(p, adapted);                                       \
    }

/*
 * The kernels of a quantised format. They leave room for 3 blocks an SM and for 2, with adapters or not, so
 * twice as many kernels would gain nothing; those called odd are for widths that are no multiple of 32.
 */
#define LINEAR_SKINNY_KERNELS(name, format)                                                        \
    LINEAR_SKINNY_BOTH(name##_8, format, PLAIN, 1, true)                                           \
    LINEAR_SKINNY_BOTH(name##_16, format, PLAIN, 2, true)                                          \
    LINEAR_SKINNY_BOTH(name##_normed_8, format, NORMED, 1, true)                                   \
    LINEAR_SKINNY_BOTH(name##_normed_16, format, NORMED, 2, true)                                  \
    LINEAR_SKINNY_BOTH(name##_gated_8, format, GATED, 1, true)                                     \
    LINEAR_SKINNY_BOTH(name##_gated_16, format, GATED, 2, true)                                    \
    LINEAR_SKINNY_BOTH(name##_odd, format, PLAIN, 2, false)                                        \
    LINEAR_SKINNY_BOTH(name##_normed_odd, format, NORMED, 2, false)                                \
    LINEAR_SKINNY_BOTH(name##_gated_odd, format, GATED, 2, false)
