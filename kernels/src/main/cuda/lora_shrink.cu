/*
 * A x of the rows that have an adapter, for all matrices of a group at once: q, k, v read x once, and so do
 * gate and up. With a norm, x is multiplied by the norm's weight; the norm's scale comes out of the sum,
 * as in the base's product, and is applied to both together.
 *
 * A is bf16 and x is rounded to it; sums are f32. Bound by reading A: 0.65 MB for r = 64 over 5120 inputs,
 * 64 rows of it, so K must be cut to fill a GPU. PARTS blocks share a tile of 16 rows of A, 8 warps share
 * a part: 64 runs of chunks, each summed from zero by multiplies in ascending k; a block adds its warps'
 * sums in order, and the kernel that reads the result adds the parts in order. With many rows one block
 * walks over all parts and adds them itself, in the same order: the bits are the same.
 *
 * Blocks take (tile of rows, tile of A) pairs in turns, as many as the table says: the grid does not depend
 * on adapters and ranks. A is read once for 16 rows that share it. Not confirmed on a GPU.
 */
#include "dependent_launch.cuh"
#include "lora.cuh"

using namespace longhand;

namespace {

constexpr int PARTS = 8;
constexpr int WARPS = 8;
constexpr int RUNS = PARTS * WARPS;
constexpr int UNROLL = 4;
constexpr int PITCH = 20; /* as in linear_skinny.cuh */

/* Sums of one warp's run: 16 rows of A by 8 * TILES rows of x. */
template <Kind KIND, bool ALIGNED>
__device__ __forceinline__ void run_sums(float (&sums)[2][4], const Problem &p, const LoraChange &change,
                                         int first_rank, const int (&rows)[2], bool two, int run) {
    int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
    int last = change.ranks() - 1;
    long long stride = static_cast<long long>(p.chunks) * CHUNK;
    /* rows of A beyond the last read the last one: their sums are not stored */
    const uint16_t *upper = change.a + min(first_rank + g, last) * stride + 8 * t;
    const uint16_t *lower = change.a + min(first_rank + g + 8, last) * stride + 8 * t;
    int end = static_cast<int>(static_cast<long long>(p.chunks) * (run + 1) / RUNS);
    float squares = 0; /* not used */
    int start = static_cast<int>(static_cast<long long>(p.chunks) * run / RUNS);
    for (int chunk = start; chunk < end; chunk += UNROLL) {
        uint4 a[UNROLL][2];
#pragma unroll
        for (int u = 0; u < UNROLL; u++) {
            if (chunk + u < end) {
                a[u][0] = load_streaming(upper + (chunk + u) * CHUNK);
                a[u][1] = load_streaming(lower + (chunk + u) * CHUNK);
            }
        }
#pragma unroll
        for (int u = 0; u < UNROLL; u++) {
            if (chunk + u < end) {
                int k = (chunk + u) * CHUNK + 8 * t;
                multiply_chunk(sums[0], a[u][0], a[u][1], load_x<KIND, ALIGNED>(p, rows[0], k, squares));
                if (two) {
                    multiply_chunk(sums[1], a[u][0], a[u][1], load_x<KIND, ALIGNED>(p, rows[1], k, squares));
                }
            }
        }
    }
}

template <Kind KIND, bool ALIGNED>
__device__ __forceinline__ void shrink_tile(const Problem &p, const LoraRows &table, const LoraChange &change,
                                            int2 tile, int first_rank, float (&partials)[WARPS][16 * PITCH]) {
    int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    int g = lane / 4, t = lane % 4;
    int rows[2];
#pragma unroll
    for (int n = 0; n < 2; n++) {
        rows[n] = 8 * n + g < tile.y ? table.sorted(tile.x + 8 * n + g) : p.rows;
    }
    int column = threadIdx.x / 16, rank = threadIdx.x % 16;
    float total = 0;
    int parts = PARTS / table.parts; /* of this block */
    for (int part = blockIdx.y * parts; part < (static_cast<int>(blockIdx.y) + 1) * parts; part++) {
        float sums[2][4] = {};
        run_sums<KIND, ALIGNED>(sums, p, change, first_rank, rows, tile.y > 8, part * WARPS + warp);
        __syncthreads(); /* the part before is read */
#pragma unroll
        for (int n = 0; n < 2; n++) {
            float *to = partials[warp] + (8 * n + 2 * t) * PITCH + g;
            to[0] = sums[n][0];
            to[PITCH] = sums[n][1];
            to[8] = sums[n][2];
            to[PITCH + 8] = sums[n][3];
        }
        __syncthreads();
        float sum = 0;
#pragma unroll
        for (int w = 0; w < WARPS; w++) {
            sum = __fadd_rn(sum, partials[w][column * PITCH + rank]);
        }
        total = __fadd_rn(total, sum);
    }
    if (column < tile.y && first_rank + rank < change.ranks()) {
        long long row = table.sorted(tile.x + column);
        table.shrunk[(row * table.parts + blockIdx.y) * table.pitch + first_rank + rank] = total;
    }
}

template <Kind KIND, bool ALIGNED>
__device__ __forceinline__ void shrink(const Problem &p, const Adapted &adapted) {
    __shared__ float partials[WARPS][16 * PITCH];
    follow_earlier_kernels();
    const LoraRows &table = *adapted.rows;
    int before = 0; /* pairs of the tiles before */
    for (int i = 0; i < table.tiles; i++) {
        int2 tile = table.tile(i);
        const LoraChange *change = table.change(table.slot(table.sorted(tile.x)), adapted.group);
        if (change == nullptr) {
            continue;
        }
        int pairs = (change->ranks() + 15) / 16;
        /* the first pair of this tile that is this block's turn */
        int pair = (static_cast<int>(blockIdx.x) - before % static_cast<int>(gridDim.x) +
                    static_cast<int>(gridDim.x)) % static_cast<int>(gridDim.x);
        for (; pair < pairs; pair += gridDim.x) {
            shrink_tile<KIND, ALIGNED>(p, table, *change, tile, 16 * pair, partials);
        }
        before += pairs;
    }
}

} // namespace

#define LORA_SHRINK(name, kind, aligned)                                                           \
    extern "C" __global__ void __launch_bounds__(256) name(Problem p, Adapted adapted) {           \
        shrink<kind, aligned>(p, adapted);                                                         \
    }

LORA_SHRINK(lora_shrink, PLAIN, true)
LORA_SHRINK(lora_shrink_normed, NORMED, true)
LORA_SHRINK(lora_shrink_odd, PLAIN, false)
LORA_SHRINK(lora_shrink_normed_odd, NORMED, false)
