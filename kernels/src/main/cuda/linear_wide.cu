/*
 * Linear layers for many rows (prefill), the same sums as linear_skinny.cu to the bit.
 * W [outputs, inputs] bf16, x [rows, inputs] f32, inputs a multiple of 32; out [rows, outputs] f32.
 *
 * A block has a tile of 64 outputs by 64 rows and walks K in chunks of 32, STAGES of them under way
 * by cp.async: 4 KiB of W and 9 KiB of x each. Warps stand 2 x 2 with 32 x 32 sums: per chunk a lane
 * reads 4 * 16 bytes of W and 8 * 16 of x for 16 multiplies. A row of W is 64 bytes of shared memory:
 * the 8 lanes of a quarter warp read two rows, 128 bytes on end, no bank twice. A row of x is padded
 * to 144 bytes, so that the eight 16-byte reads (32 bytes apart in a row) of two rows interleave.
 * Rounding x to bf16 happens between shared memory and registers. The sums of a slice of K are flushed
 * into totals at its end, which costs 32 registers and 32 adds a slice: 8 of them for all of K.
 *
 * 64 x 64 tiles reuse each byte of W 64 times: 32 flop a byte of L2 traffic for W and 16 for x, enough
 * for a correct start, below what a tensor-core bound kernel wants (128 x 128). Not confirmed on a GPU.
 */
#include "linear.cuh"

using namespace longhand;

namespace {

constexpr int TILE = 64;
constexpr int STAGES = 3;
constexpr int X_PITCH = CHUNK + 4; /* floats */
constexpr int THREADS = 128;

struct Stage {
    uint16_t w[TILE][CHUNK];
    float x[TILE][X_PITCH];
};

struct Tile {
    const float *x;
    const uint16_t *weights;
    int chunks;
    int first_output;
    int first_row;
};

__device__ __forceinline__ void fetch(Stage &stage, const Tile &tile, int chunk, const Epilogue &epilogue) {
    int k = chunk * CHUNK;
    long long stride = static_cast<long long>(tile.chunks) * CHUNK;
#pragma unroll
    for (int i = threadIdx.x; i < TILE * CHUNK / 8; i += THREADS) {
        int row = i / 4, part = i % 4 * 8;
        int output = min(tile.first_output + row, epilogue.outputs - 1);
        copy_async(&stage.w[row][part], tile.weights + output * stride + k + part, true);
    }
#pragma unroll
    for (int i = threadIdx.x; i < TILE * CHUNK / 4; i += THREADS) {
        int row = i / 8, part = i % 8 * 4;
        int from = min(tile.first_row + row, epilogue.rows - 1);
        copy_async(&stage.x[row][part], tile.x + from * stride + k + part, true);
    }
}

__device__ __forceinline__ void multiply_stage(const Stage &stage, float (&sums)[2][4][4], int outputs_at,
                                               int rows_at) {
    int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
    uint4 w[2][2];
#pragma unroll
    for (int m = 0; m < 2; m++) {
        w[m][0] = *reinterpret_cast<const uint4 *>(&stage.w[outputs_at + 16 * m + g][8 * t]);
        w[m][1] = *reinterpret_cast<const uint4 *>(&stage.w[outputs_at + 16 * m + g + 8][8 * t]);
    }
#pragma unroll
    for (int n = 0; n < 4; n++) {
        const float *x = &stage.x[rows_at + 8 * n + g][8 * t];
        ColumnChunk b = column_chunk(*reinterpret_cast<const float4 *>(x),
                                     *reinterpret_cast<const float4 *>(x + 4));
        multiply_chunk(sums[0][n], w[0][0], w[0][1], b);
        multiply_chunk(sums[1][n], w[1][0], w[1][1], b);
    }
}

} // namespace

extern "C" __global__ void __launch_bounds__(THREADS)
    linear_wide(const float *x, const uint16_t *weights, int chunks, Epilogue epilogue) {
    __shared__ Stage stages[STAGES];
    Tile tile{x, weights, chunks, static_cast<int>(blockIdx.x) * TILE, static_cast<int>(blockIdx.y) * TILE};
    int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    int outputs_at = warp / 2 * 32, rows_at = warp % 2 * 32;
    int per_slice = slice_chunks(chunks);
    float totals[2][4][4] = {};
    float sums[2][4][4] = {};

    for (int s = 0; s < STAGES - 1; s++) {
        if (s < chunks) {
            fetch(stages[s], tile, s, epilogue);
        }
        commit_copies();
    }
    int flush = per_slice;
    for (int chunk = 0; chunk < chunks; chunk++) {
        await_copies<STAGES - 2>();
        __syncthreads(); /* the chunk is there for all, and its predecessor's stage is free */
        if (chunk + STAGES - 1 < chunks) {
            fetch(stages[(chunk + STAGES - 1) % STAGES], tile, chunk + STAGES - 1, epilogue);
        }
        commit_copies();
        multiply_stage(stages[chunk % STAGES], sums, outputs_at, rows_at);
        if (chunk + 1 == flush || chunk + 1 == chunks) {
            flush += per_slice;
#pragma unroll
            for (int i = 0; i < 32; i++) {
                totals[i / 16][i / 4 % 4][i % 4] += sums[i / 16][i / 4 % 4][i % 4];
                sums[i / 16][i / 4 % 4][i % 4] = 0;
            }
        }
    }
    int g = lane / 4, t = lane % 4;
#pragma unroll
    for (int i = 0; i < 32; i++) {
        int m = i / 16, n = i / 4 % 4, c = i % 4;
        epilogue(tile.first_row + rows_at + 8 * n + 2 * t + c % 2,
                 tile.first_output + outputs_at + 16 * m + g + c / 2 * 8, totals[m][n][c]);
    }
}
