/*
 * Linear layers for up to 16 rows: out[r, o] = sum_k x[r, k] W[o, k] + bias[o] (+ out[r, o]).
 * W [outputs, inputs] bf16, inputs padded to whole chunks of 32; x [rows, width] f32, rounded to bf16
 * on the way into the multiply; sums and out f32.
 *
 * Bound by reading W once: 2 bytes for 2 * rows flops, 0.5 to 8 flop/byte against a balance of 150 and
 * more, so the only thing that counts is bytes in flight. A block is 8 warps on the same 16 outputs,
 * each with an eighth of K; a lane has 2 * UNROLL loads of 16 bytes under way, a block
 * 256 * 8 * 16 = 32 KiB, and at 48 registers and 5 blocks an SM 160 KiB are in flight where 64 are
 * due (3.35 TB/s * 600 ns / 132 SMs = 15 KB on paper; two to four times that in practice).
 * W is the 16-row operand and the rows of x the 8 columns, so that 1 to 8 rows cost one multiply where
 * the other way round 16 rows would be computed for one. Rows 9 to 16 are a second column tile over the
 * same registers of W.
 *
 * x comes from L2: 4 bytes * rows for each 2 * 16 bytes of W a block reads. Not confirmed on a GPU.
 */
#include "linear.cuh"

using namespace longhand;

namespace {

constexpr int WARPS = SLICES;
constexpr int UNROLL = 4;
constexpr int PITCH = 20; /* floats per column of partial sums: 8 t + g hits 32 different banks */

/* 8 floats of a row of x; zeros beyond its end. */
template <bool ALIGNED>
__device__ __forceinline__ ColumnChunk load_x(const float *x, int width, int k, bool valid) {
    float v[8] = {};
    if (valid) {
        if (ALIGNED) {
            *reinterpret_cast<float4 *>(v) = *reinterpret_cast<const float4 *>(x + k);
            *reinterpret_cast<float4 *>(v + 4) = *reinterpret_cast<const float4 *>(x + k + 4);
        } else {
#pragma unroll
            for (int i = 0; i < 8; i++) {
                v[i] = k + i < width ? x[k + i] : 0.0f;
            }
        }
    }
    return column_chunk(make_float4(v[0], v[1], v[2], v[3]), make_float4(v[4], v[5], v[6], v[7]));
}

template <int TILES, bool ALIGNED>
__device__ __forceinline__ void run(const float *x, int width, const uint16_t *weights, int chunks,
                                    Epilogue epilogue) {
    __shared__ float partial[WARPS][TILES * 8 * PITCH];
    int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    int g = lane / 4, t = lane % 4;
    int first_output = blockIdx.x * 16;
    int first_row = blockIdx.y * 8 * TILES;
    int stride = chunks * CHUNK;
    /* outputs beyond the last read the last one's weights: their sums are not stored */
    int upper_row = min(first_output + g, epilogue.outputs - 1);
    int lower_row = min(first_output + g + 8, epilogue.outputs - 1);
    const uint16_t *upper = weights + static_cast<long long>(upper_row) * stride + 8 * t;
    const uint16_t *lower = weights + static_cast<long long>(lower_row) * stride + 8 * t;
    int per_slice = slice_chunks(chunks);
    int chunk = warp * per_slice;
    int end = min(chunk + per_slice, chunks);
    float sums[TILES][4] = {};

    while (chunk < end) {
        uint4 w[UNROLL][2];
#pragma unroll
        for (int u = 0; u < UNROLL; u++) {
            if (chunk + u < end) {
                w[u][0] = load_streaming(upper + (chunk + u) * CHUNK);
                w[u][1] = load_streaming(lower + (chunk + u) * CHUNK);
            }
        }
#pragma unroll
        for (int u = 0; u < UNROLL; u++) {
            if (chunk + u < end) {
#pragma unroll
                for (int tile = 0; tile < TILES; tile++) {
                    int row = first_row + 8 * tile + g;
                    ColumnChunk b = load_x<ALIGNED>(x + static_cast<long long>(row) * width, width,
                                                    (chunk + u) * CHUNK + 8 * t, row < epilogue.rows);
                    multiply_chunk(sums[tile], w[u][0], w[u][1], b);
                }
            }
        }
        chunk += UNROLL;
    }
#pragma unroll
    for (int tile = 0; tile < TILES; tile++) {
        float *to = partial[warp] + (8 * tile + 2 * t) * PITCH + g;
        to[0] = sums[tile][0];
        to[PITCH] = sums[tile][1];
        to[8] = sums[tile][2];
        to[PITCH + 8] = sums[tile][3];
    }
    __syncthreads();
    int column = threadIdx.x / 16, output = threadIdx.x % 16;
    if (column < 8 * TILES) {
        float sum = 0;
#pragma unroll
        for (int slice = 0; slice < WARPS; slice++) {
            sum += partial[slice][column * PITCH + output];
        }
        epilogue(first_row + column, first_output + output, sum);
    }
}

} // namespace

#define LINEAR_SKINNY(name, tiles, aligned)                                                        \
    extern "C" __global__ void __launch_bounds__(256)                                              \
        name(const float *x, int width, const uint16_t *weights, int chunks, Epilogue epilogue) {  \
        run<tiles, aligned>(x, width, weights, chunks, epilogue);                                  \
    }

LINEAR_SKINNY(linear_skinny_8, 1, true)
LINEAR_SKINNY(linear_skinny_16, 2, true)
/* Rows whose width is no multiple of 32: element by element. */
LINEAR_SKINNY(linear_skinny_8_odd, 1, false)
LINEAR_SKINNY(linear_skinny_16_odd, 2, false)
