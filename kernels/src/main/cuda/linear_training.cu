/*
 * The products of a linear layer in training, bf16 in f32 sums:
 *
 *   forward   out[r, o] (+)= scale sum_i x[r, i] W[o, i] + bias[o]
 *   input     dx[r, i]  (+)= scale sum_o dout[r, o] W[o, i]
 *   weight    dW[o, i]   += sum_r dout[r, o] x[r, i]
 *
 * All three are C[m, n] = sum_k A B with A and B stored along k or across it; no transposed copy of
 * anything exists, ldmatrix transposes. Activations and gradients are f32 and become bf16 on the way to
 * shared memory; W is bf16 or f32 (an adapter's masters).
 *
 * Order of sums: k ascends in chunks of 16 inside one multiply, and every SLICE of k is added to the totals
 * by a rounded f32 addition; nothing is split over blocks. So an element depends on its row and column
 * alone, and two runs give the same bits. A tensor core need not round its own additions to nearest: the
 * slices bound how many of them follow one another.
 *
 * A block has 64 x 64 of C and four warps of 32 x 32. The next 32 of k are fetched to registers while these
 * are multiplied; two buffers in shared memory, one barrier a step. Bytes: with M rows and N columns of
 * tiles, A is read N / 64 times and B M / 64 times through L2: 16 flop a byte of f32, 32 of bf16, below
 * what a tensor core bound kernel wants (128 x 128). Unconfirmed on a GPU.
 */
#include "matrix_fragments.cuh"

using namespace longhand;

namespace {

constexpr int TILE = 64;
constexpr int DEPTH = 32; /* of k at a time */
constexpr int SLICE = 1024;
constexpr int THREADS = 128;
constexpr int GROUPS = TILE * DEPTH / 8 / THREADS; /* of 8 elements, for each thread */

/* A matrix whose rows are stored; the summed index runs along them (ALONG) or across. */
template <class T, bool ALONG> struct Operand {
    const T *data;
    int rows, width;
    bool aligned;

    static constexpr int ROWS = ALONG ? TILE : DEPTH;
    static constexpr int COLUMNS = ALONG ? DEPTH : TILE;
    static constexpr int PITCH = COLUMNS + PITCH_PADDING;
    static constexpr int ELEMENTS = ROWS * PITCH;

    __device__ Operand(const T *data, int rows, int width)
        : data(data), rows(rows), width(width), aligned(rows_aligned(data, width)) {}

    /* Fetches a tile that begins at `outer` of the kept index and `k` of the summed one. */
    __device__ __forceinline__ void fetch(Packed8 (&groups)[GROUPS], int outer, int k) const {
#pragma unroll
        for (int i = 0; i < GROUPS; i++) {
            int index = threadIdx.x + i * THREADS;
            int row = index / (COLUMNS / 8) + (ALONG ? outer : k);
            int column = index % (COLUMNS / 8) * 8 + (ALONG ? k : outer);
            int count = row < rows ? width - column : 0;
            groups[i] = load_packed(data + static_cast<long long>(row) * width + column, count, aligned);
        }
    }

    __device__ __forceinline__ static void store(uint16_t *tile, const Packed8 (&groups)[GROUPS]) {
#pragma unroll
        for (int i = 0; i < GROUPS; i++) {
            int index = threadIdx.x + i * THREADS;
            uint16_t *to = tile + index / (COLUMNS / 8) * PITCH + index % (COLUMNS / 8) * 8;
            *reinterpret_cast<uint4 *>(to) = groups[i].bits;
        }
    }
};

struct Result {
    float *out;
    const float *bias;
    float scale;
    int accumulate;
};

struct Totals {
    float values[2][4][4];

    __device__ __forceinline__ void clear() {
#pragma unroll
        for (int i = 0; i < 32; i++) {
            values[i / 16][i / 4 % 4][i % 4] = 0;
        }
    }

    __device__ __forceinline__ void add(Totals &slice) {
#pragma unroll
        for (int i = 0; i < 32; i++) {
            float &total = values[i / 16][i / 4 % 4][i % 4];
            total = __fadd_rn(total, slice.values[i / 16][i / 4 % 4][i % 4]);
        }
        slice.clear();
    }
};

template <class A, class B>
__device__ __forceinline__ void multiply_step(const uint16_t *a_tile, const uint16_t *b_tile, Totals &sums,
                                              int m_at, int n_at, bool a_along, bool b_along) {
#pragma unroll
    for (int k = 0; k < DEPTH; k += 16) {
        uint32_t a[2][4], b[2][4];
#pragma unroll
        for (int half = 0; half < 2; half++) {
            if (a_along) {
                load_rows(a[half], a_tile, A::PITCH, m_at + 16 * half, k);
            } else {
                load_rows_transposed(a[half], a_tile, A::PITCH, m_at + 16 * half, k);
            }
            if (b_along) {
                load_columns(b[half], b_tile, B::PITCH, n_at + 16 * half, k);
            } else {
                load_columns_transposed(b[half], b_tile, B::PITCH, n_at + 16 * half, k);
            }
        }
#pragma unroll
        for (int m = 0; m < 2; m++) {
#pragma unroll
            for (int n = 0; n < 4; n++) {
                multiply(sums.values[m][n], a[m][0], a[m][1], a[m][2], a[m][3], b[n / 2][n % 2 * 2],
                         b[n / 2][n % 2 * 2 + 1]);
            }
        }
    }
}

__device__ __forceinline__ void store(const Result &result, const Totals &totals, int m_at, int n_at, int m,
                                      int n) {
    int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
#pragma unroll
    for (int i = 0; i < 32; i++) {
        int row = m_at + i / 16 * 16 + i % 4 / 2 * 8 + g;
        int column = n_at + i / 4 % 4 * 8 + 2 * t + i % 2;
        if (row < m && column < n) {
            float *to = result.out + static_cast<long long>(row) * n + column;
            float sum = __fmul_rn(result.scale, totals.values[i / 16][i / 4 % 4][i % 4]);
            sum = result.bias != nullptr ? __fadd_rn(sum, result.bias[column]) : sum;
            *to = result.accumulate ? __fadd_rn(*to, sum) : sum;
        }
    }
}

/* C[m, n] of A with m rows and B with n columns, over k. */
template <class T, bool A_ALONG, bool B_ALONG>
__device__ __forceinline__ void product(const Operand<float, A_ALONG> &a, const Operand<T, B_ALONG> &b,
                                        const Result &result, int m, int n, int k) {
    using A = Operand<float, A_ALONG>;
    using B = Operand<T, B_ALONG>;
    __shared__ __align__(16) uint16_t a_tiles[2][A::ELEMENTS];
    __shared__ __align__(16) uint16_t b_tiles[2][B::ELEMENTS];
    int warp = threadIdx.x / 32, m_at = warp / 2 * 32, n_at = warp % 2 * 32;
    int m_first = blockIdx.y * TILE, n_first = blockIdx.x * TILE;
    Packed8 a_next[GROUPS], b_next[GROUPS];
    Totals totals, slice;
    totals.clear();
    slice.clear();
    a.fetch(a_next, m_first, 0);
    b.fetch(b_next, n_first, 0);
    for (int at = 0, step = 0; at < k; at += DEPTH, step++) {
        A::store(a_tiles[step % 2], a_next);
        B::store(b_tiles[step % 2], b_next);
        __syncthreads();
        if (at + DEPTH < k) {
            a.fetch(a_next, m_first, at + DEPTH);
            b.fetch(b_next, n_first, at + DEPTH);
        }
        multiply_step<A, B>(a_tiles[step % 2], b_tiles[step % 2], slice, m_at, n_at, A_ALONG, B_ALONG);
        if ((at + DEPTH) % SLICE == 0) {
            totals.add(slice);
        }
    }
    totals.add(slice);
    store(result, totals, m_first + m_at, n_first + n_at, m, n);
}

} // namespace

#define FORWARD(name, type)                                                                        \
    extern "C" __global__ void __launch_bounds__(THREADS)                                          \
        name(const float *x, const type *weights, const float *bias, float scale, float *out,      \
             int accumulate, int rows, int inputs, int outputs) {                                  \
        product(Operand<float, true>(x, rows, inputs), Operand<type, true>(weights, outputs, inputs), \
                {out, bias, scale, accumulate}, rows, outputs, inputs);                            \
    }

#define BACKWARD_INPUT(name, type)                                                                 \
    extern "C" __global__ void __launch_bounds__(THREADS)                                          \
        name(const float *dout, const type *weights, float scale, float *dx, int accumulate,       \
             int rows, int inputs, int outputs) {                                                  \
        product(Operand<float, true>(dout, rows, outputs),                                         \
                Operand<type, false>(weights, outputs, inputs), {dx, nullptr, scale, accumulate},  \
                rows, inputs, outputs);                                                            \
    }

FORWARD(linear_forward_bf16, uint16_t)
FORWARD(linear_forward_f32, float)
BACKWARD_INPUT(linear_backward_input_bf16, uint16_t)
BACKWARD_INPUT(linear_backward_input_f32, float)

extern "C" __global__ void __launch_bounds__(THREADS)
    linear_backward_weight(const float *dout, const float *x, float *dweights, int rows, int inputs,
                           int outputs) {
    product(Operand<float, false>(dout, rows, outputs), Operand<float, false>(x, rows, inputs),
            {dweights, nullptr, 1.0f, 1}, outputs, inputs, rows);
}
