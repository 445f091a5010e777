/*
 * Adapters of rows: W becomes W + scale B A for a row that has one. lora_shrink.cu computes A x, and the
 * code here adds B (scale A x) to the sums of a linear kernel, so that every output is written once.
 *
 * Nothing that changes from step to step is a kernel's argument: rows name slots, slots hold addresses
 * of adapters, and all of it is one table in device memory that is written once a step. A recorded step
 * stays valid with other adapters, other ranks and other rows that use them.
 */
#ifndef LONGHAND_LORA_CUH
#define LONGHAND_LORA_CUH

#include "linear.cuh"

namespace longhand {

constexpr int MATRICES = 3; /* of a group of linear layers: q, k, v */

/* The changes of an adapter to one group; a and b are bf16. Ranks are padded with zeros to multiples of 8. */
struct LoraChange {
    const uint16_t *a;            /* [sum of ranks, 32 chunks]: q's rows, k's, v's */
    const uint16_t *b[MATRICES];  /* [outputs, rank] each */
    int rank[MATRICES];           /* 0: the matrix stays as it is */
    float scale[MATRICES];

    __device__ __forceinline__ int ranks() const { return rank[0] + rank[1] + rank[2]; }
};

/* An adapter's one block of device memory begins with this; its matrices follow. */
struct LoraAdapter {
    long long groups;
    LoraChange changes[1]; /* [groups] */
};

/* The rows of a step; CudaLoraRows.java writes it. */
struct LoraRows {
    float *shrunk; /* [rows, parts, pitch]: A x in parts that are to be added in ascending order */
    int pitch;
    int parts;
    int slots;
    int tiles;
    int capacity; /* of each array below, in elements */

    /* [slots] */
    __device__ __forceinline__ const LoraAdapter *adapter(int slot) const {
        return reinterpret_cast<const LoraAdapter *const *>(this + 1)[slot];
    }

    __device__ __forceinline__ const int *ints() const {
        return reinterpret_cast<const int *>(reinterpret_cast<const long long *>(this + 1) + capacity);
    }

    /* The slot of a row's adapter; -1 is none. */
    __device__ __forceinline__ int slot(int row) const { return ints()[row]; }

    /* Rows with an adapter, by slot. */
    __device__ __forceinline__ int sorted(int index) const { return ints()[capacity + index]; }

    /* Up to 16 of the sorted rows, all of one slot: index of the first, and how many. */
    __device__ __forceinline__ int2 tile(int index) const {
        return reinterpret_cast<const int2 *>(ints() + 2 * capacity)[index];
    }

    /* The changes of a slot's adapter to a group, or null. */
    __device__ __forceinline__ const LoraChange *change(int slot, int group) const {
        const LoraAdapter *found = adapter(slot);
        return group < found->groups && found->changes[group].a != nullptr ? found->changes + group : nullptr;
    }
};

/* The adapters that change a product. */
struct Adapted {
    const LoraRows *rows;
    int group;
    int second; /* first output of the second matrix, and of the third; the end where there is none */
    int third;

    __device__ __forceinline__ int start(int matrix) const {
        return matrix == 0 ? 0 : matrix == 1 ? second : third;
    }

    __device__ __forceinline__ int end(int matrix, const Problem &p) const {
        return matrix == 0 ? second : matrix == 1 ? third : p.outputs;
    }
};

/* 8 elements from `rank` on of scale A x of a row as an operand, UNROLL parts at a time. */
template <int UNROLL>
__device__ __forceinline__ ColumnChunk load_shrunk(const LoraRows &rows, int row, int rank, float scale) {
    const float *from = rows.shrunk + static_cast<long long>(row) * rows.parts * rows.pitch + rank;
    float4 first = *reinterpret_cast<const float4 *>(from);
    float4 second = *reinterpret_cast<const float4 *>(from + 4);
#pragma unroll (UNROLL)
    for (int part = 1; part < rows.parts; part++) {
        from += rows.pitch;
        float4 a = *reinterpret_cast<const float4 *>(from), b = *reinterpret_cast<const float4 *>(from + 4);
        first = make_float4(__fadd_rn(first.x, a.x), __fadd_rn(first.y, a.y), __fadd_rn(first.z, a.z),
                            __fadd_rn(first.w, a.w));
        second = make_float4(__fadd_rn(second.x, b.x), __fadd_rn(second.y, b.y), __fadd_rn(second.z, b.z),
                             __fadd_rn(second.w, b.w));
    }
    return column_chunk(make_float4(first.x * scale, first.y * scale, first.z * scale, first.w * scale),
                        make_float4(second.x * scale, second.y * scale, second.z * scale, second.w * scale));
}

/*
 * Adds one slice of the ranks, chunks of 32 as in fragments.cuh, to sums of 16 * OUTS packed rows of W by
 * 8 * ROWS rows of x. A multiply serves the rows of one adapter: the columns of other rows are left
 * unchanged, whatever B holds, so that a row has the same bits as when it is alone.
 */
template <Kind KIND, int OUTS, int ROWS>
__device__ __forceinline__ void expand(float (&sums)[OUTS][ROWS][4], const Problem &p, const Adapted &adapted,
                                       int slice, int first_output, int first_row) {
    const LoraRows &rows = *adapted.rows;
    int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
    int slots[ROWS]; /* of row g of each tile */
#pragma unroll
    for (int n = 0; n < ROWS; n++) {
        int row = first_row + 8 * n + g;
        slots[n] = row < p.rows ? rows.slot(row) : -1;
    }
    for (int slot = 0; slot < rows.slots; slot++) {
        bool used = false;
#pragma unroll
        for (int n = 0; n < ROWS; n++) {
            used |= slots[n] == slot;
        }
        const LoraChange *change = __any_sync(0xffffffffu, used) ? rows.change(slot, adapted.group) : nullptr;
        if (change == nullptr) {
            continue;
        }
        int before = 0; /* ranks of the matrices before */
#pragma unroll 1
        for (int m = 0; m < MATRICES; m++) {
            int rank = change->rank[m];
            int start = adapted.start(m), end = adapted.end(m, p);
            int chunks = (rank + CHUNK - 1) / CHUNK;
            int stop = min((slice + 1) * slice_chunks(chunks), chunks);
            if (KIND != GATED && (first_output >= end || first_output + 16 * OUTS <= start)) {
                stop = 0;
            }
#pragma unroll 1
            for (int chunk = slice * slice_chunks(chunks); chunk < stop; chunk++) {
                int j = chunk * CHUNK + 8 * t;
                uint4 b[OUTS][2];
#pragma unroll
                for (int o = 0; o < OUTS; o++) {
#pragma unroll
                    for (int half = 0; half < 2; half++) {
                        int output = KIND == GATED ? first_output / 2 + 8 * o + g
                                                   : first_output + 16 * o + 8 * half + g - start;
                        bool changed = KIND == GATED ? half == m && output < p.out_width
                                                     : output >= 0 && output < end - start;
                        b[o][half] = make_uint4(0, 0, 0, 0);
                        if (changed && j < rank) {
                            const uint16_t *from = change->b[m] + static_cast<long long>(output) * rank + j;
                            b[o][half] = load_streaming(from);
                        }
                    }
                }
#pragma unroll
                for (int n = 0; n < ROWS; n++) {
                    ColumnChunk x{};
                    if (slots[n] == slot && j < rank) {
                        x = load_shrunk<ROWS == 1 ? 2 : 1>(rows, first_row + 8 * n + g, before + j,
                                                           change->scale[m]);
                    }
                    /* sums are of rows 2t and 2t + 1, which lanes 8t and 8t + 4 know */
                    bool left = __shfl_sync(0xffffffffu, slots[n], 8 * t) == slot;
                    bool right = __shfl_sync(0xffffffffu, slots[n], 8 * t + 4) == slot;
#pragma unroll
                    for (int o = 0; o < OUTS; o++) {
                        float next[4] = {sums[o][n][0], sums[o][n][1], sums[o][n][2], sums[o][n][3]};
                        multiply_chunk(next, b[o][0], b[o][1], x);
                        sums[o][n][0] = left ? next[0] : sums[o][n][0];
                        sums[o][n][1] = right ? next[1] : sums[o][n][1];
                        sums[o][n][2] = left ? next[2] : sums[o][n][2];
                        sums[o][n][3] = right ? next[3] : sums[o][n][3];
                    }
                }
            }
            before += rank;
        }
    }
}

} // namespace longhand

#endif
