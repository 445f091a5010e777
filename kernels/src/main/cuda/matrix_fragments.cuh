/*
 * Fragments of mma.m16n8k16 that ldmatrix reads from bf16 tiles in shared memory, stored in either
 * direction: with the summed index along a row, or across rows. Training sums along rows and along columns
 * of one matrix (a product and its gradients), so the fixed permutation of fragments.cuh does not serve.
 *
 * A tile's pitch is 8 elements more than a multiple of 16: the eight 16-byte rows of an 8 x 8 hit all banks.
 */
#ifndef LONGHAND_MATRIX_FRAGMENTS_CUH
#define LONGHAND_MATRIX_FRAGMENTS_CUH

#include <cstdint>

#include "fragments.cuh"

namespace longhand {

constexpr int PITCH_PADDING = 8;

__device__ __forceinline__ void load_four(uint32_t (&r)[4], const uint16_t *from) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(static_cast<uint32_t>(__cvta_generic_to_shared(from))));
}

__device__ __forceinline__ void load_four_transposed(uint32_t (&r)[4], const uint16_t *from) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(static_cast<uint32_t>(__cvta_generic_to_shared(from))));
}

/* A[16 x 16] from a tile [m][k] at (m, k). */
__device__ __forceinline__ void load_rows(uint32_t (&a)[4], const uint16_t *tile, int pitch, int m, int k) {
    int lane = threadIdx.x % 32;
    load_four(a, tile + (m + lane % 16) * pitch + k + lane / 16 * 8);
}

/* A[16 x 16] from a tile [k][m] at (m, k). */
__device__ __forceinline__ void load_rows_transposed(uint32_t (&a)[4], const uint16_t *tile, int pitch,
                                                     int m, int k) {
    int lane = threadIdx.x % 32;
    load_four_transposed(a, tile + (k + lane % 8 + lane / 16 * 8) * pitch + m + lane / 8 % 2 * 8);
}

/* B[16 x 8] twice, of n..n+7 and n+8..n+15, from a tile [n][k]. */
__device__ __forceinline__ void load_columns(uint32_t (&b)[4], const uint16_t *tile, int pitch, int n,
                                             int k) {
    int lane = threadIdx.x % 32;
    load_four(b, tile + (n + lane % 8 + lane / 16 * 8) * pitch + k + lane / 8 % 2 * 8);
}

/* The same from a tile [k][n]. */
__device__ __forceinline__ void load_columns_transposed(uint32_t (&b)[4], const uint16_t *tile, int pitch,
                                                        int n, int k) {
    int lane = threadIdx.x % 32;
    load_four_transposed(b, tile + (k + lane % 16) * pitch + n + lane / 16 * 8);
}

/* Eight elements of bf16. */
struct Packed8 {
    uint4 bits;
};

/* Elements from..from+7 of a row, those from `count` on as zeros; rounded to bf16. */
__device__ __forceinline__ Packed8 load_packed(const float *from, int count, bool aligned) {
    float v[8];
    if (aligned && count >= 8) {
        float4 first = *reinterpret_cast<const float4 *>(from);
        float4 second = *reinterpret_cast<const float4 *>(from + 4);
        return {make_uint4(pack_bf16(first.x, first.y), pack_bf16(first.z, first.w),
                           pack_bf16(second.x, second.y), pack_bf16(second.z, second.w))};
    }
#pragma unroll
    for (int i = 0; i < 8; i++) {
        v[i] = i < count ? from[i] : 0.0f;
    }
    return {make_uint4(pack_bf16(v[0], v[1]), pack_bf16(v[2], v[3]), pack_bf16(v[4], v[5]),
                       pack_bf16(v[6], v[7]))};
}

__device__ __forceinline__ Packed8 load_packed(const uint16_t *from, int count, bool aligned) {
    if (aligned && count >= 8) {
        return {*reinterpret_cast<const uint4 *>(from)};
    }
    uint32_t v[4] = {};
#pragma unroll
    for (int i = 0; i < 8; i++) {
        uint32_t value = i < count ? from[i] : 0;
        v[i / 2] |= value << (i % 2 * 16);
    }
    return {make_uint4(v[0], v[1], v[2], v[3])};
}

template <class T> __device__ __forceinline__ bool rows_aligned(const T *data, int width) {
    return reinterpret_cast<uintptr_t>(data) % 16 == 0 && width * sizeof(T) % 16 == 0;
}

/* Elements k and k + 1 of a row in global memory: a register of an operand. */
__device__ __forceinline__ uint32_t load_pair(const float *row, int k, int width) {
    return pack_bf16(k < width ? row[k] : 0.0f, k + 1 < width ? row[k + 1] : 0.0f);
}

} // namespace longhand

#endif
