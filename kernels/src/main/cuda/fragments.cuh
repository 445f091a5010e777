/*
 * Fragments of mma.m16n8k16, and the one order in which this engine sums a dot product on a GPU.
 *
 * A dot product over K is cut into chunks of 32 elements. A lane with g = lane / 4, t = lane % 4 loads
 * the 8 elements 8t..8t+7 of a chunk of its row g, 16 bytes at once: 4 lanes cover the 64 bytes of a
 * row, so every sector that is touched is used whole. The first four of the 8 elements feed one
 * multiply, the last four the next; since A and B are permuted alike, any assignment of elements to
 * the 16 places of a multiply is right, and this one needs no shuffles and no ldmatrix. Every kernel that
 * reads chunks in this way gets the same bits for the same row and column, in any tile.
 */
#ifndef LONGHAND_FRAGMENTS_CUH
#define LONGHAND_FRAGMENTS_CUH

#include <cstdint>

namespace longhand {

constexpr int CHUNK = 32; /* elements of K that one load of a lane quartet covers */

__device__ __forceinline__ uint32_t pack_bf16(float low, float high) {
    uint32_t packed;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(packed) : "f"(high), "f"(low));
    return packed;
}

/* 8 floats of B as two pairs of registers, one pair for each multiply of a chunk. */
struct ColumnChunk {
    uint32_t pairs[4];
};

__device__ __forceinline__ ColumnChunk column_chunk(float4 first, float4 second) {
    return {{pack_bf16(first.x, first.y), pack_bf16(first.z, first.w),
             pack_bf16(second.x, second.y), pack_bf16(second.z, second.w)}};
}

/* sums[16 x 8] += A[16 x 16] B[16 x 8]; a0: row g, a1: row g + 8, a2 and a3 the same for k + 8. */
__device__ __forceinline__ void multiply(float (&sums)[4], uint32_t a0, uint32_t a1, uint32_t a2,
                                         uint32_t a3, uint32_t b0, uint32_t b1) {
    asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
        "{%0,%1,%2,%3};"
        : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
        : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
}

/* One chunk of 32: `upper` is the lane's 16 bytes of row g of A, `lower` those of row g + 8. */
__device__ __forceinline__ void multiply_chunk(float (&sums)[4], uint4 upper, uint4 lower,
                                               const ColumnChunk &b) {
    multiply(sums, upper.x, lower.x, upper.y, lower.y, b.pairs[0], b.pairs[1]);
    multiply(sums, upper.z, lower.z, upper.w, lower.w, b.pairs[2], b.pairs[3]);
}

/* 16 bytes that are read once and should not displace reused data. */
__device__ __forceinline__ uint4 load_streaming(const void *from) {
    uint4 v;
    asm volatile("ld.global.nc.L1::no_allocate.v4.u32 {%0,%1,%2,%3}, [%4];"
                 : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w)
                 : "l"(from));
    return v;
}

/* 16 bytes from global to shared memory; zeros if not `valid`. */
__device__ __forceinline__ void copy_async(void *shared, const void *global, bool valid) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(
                     static_cast<uint32_t>(__cvta_generic_to_shared(shared))),
                 "l"(global), "r"(valid ? 16 : 0)
                 : "memory");
}

__device__ __forceinline__ void commit_copies() {
    asm volatile("cp.async.commit_group;" ::: "memory");
}

template <int OPEN> __device__ __forceinline__ void await_copies() {
    asm volatile("cp.async.wait_group %0;" ::"n"(OPEN) : "memory");
}

} // namespace longhand

#endif
