/*
 * The formats of W: how a warp reads 16 rows of it and makes them operands.
 *
 *   Bf16     [outputs, 32 chunks] row by row
 *   others   [tiles of 16 rows][blocks of 128 inputs][LOADS][32 lanes] of 16 bytes, the fragments of the
 *            multiplies as lanes hold them, so that each load of a warp is 512 bytes on end; and
 *            [tiles][blocks] of scales, beside them
 *
 * Of every chunk, lane (g, t) has the inputs 8t..8t+7 of rows g and g + 8, as in fragments.cuh. Four
 * codes of 8 bits, or eight of 4, are a word in which code 2 j + i begins at bit 16 i + bits j: a shift
 * and a mask leave two neighbours in the halves of a register, as a multiply wants them.
 * tensor/QuantizedMatrix has the same words, so packing moves words and no bits.
 *
 * Integers become bf16 without a conversion, which compute_80 has only one at a time: bf16 has 7 bits of
 * fraction, so 0x4300 | c is 128 + c for c < 128, and one fused multiply-add takes off 128 and the zero.
 * All of it is exact, as are integers up to 256 in bf16; products are summed over a chunk from zero and
 * scaled in f32, one rounding per chunk and sum. So weights are not rounded at all on the way into the
 * multiply, where scaling before it would round them to 8 bits.
 */
#ifndef LONGHAND_WEIGHTS_CUH
#define LONGHAND_WEIGHTS_CUH

#include "dependent_launch.cuh"
#include "linear.cuh"

namespace longhand {

/* A chunk of 16 rows of W. */
struct PlainChunk {
    uint4 upper, lower; /* of rows g and g + 8 */

    __device__ __forceinline__ void add(float (&sums)[4], const ColumnChunk &x) const {
        multiply_chunk(sums, upper, lower, x);
    }
};

/* A chunk of 16 rows of W before the scales of its rows are applied. */
struct ScaledChunk {
    uint4 upper, lower;
    float upper_scale, lower_scale;

    __device__ __forceinline__ void add(float (&sums)[4], const ColumnChunk &x) const {
        float products[4] = {};
        multiply_chunk(products, upper, lower, x);
        sums[0] = __fmaf_rn(upper_scale, products[0], sums[0]);
        sums[1] = __fmaf_rn(upper_scale, products[1], sums[1]);
        sums[2] = __fmaf_rn(lower_scale, products[2], sums[2]);
        sums[3] = __fmaf_rn(lower_scale, products[3], sums[3]);
    }
};

/* bf16, as in most checkpoints. */
struct Bf16 {
    static constexpr int BLOCK = 1; /* chunks that are stored together */
    static constexpr int STEP = 4;  /* chunks that a warp of the skinny kernel has in registers */
    using Chunk = PlainChunk;

    /* STEP chunks of 16 rows on their way through registers. */
    struct Stream {
        const uint16_t *upper, *lower;
        uint4 w[STEP][2];

        /* Rows beyond the last read the last one's weights: their sums are not stored. */
        __device__ __forceinline__ Stream(const Problem &p, int first_output, int, int) {
            int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
            long long stride = static_cast<long long>(p.chunks) * CHUNK;
            const uint16_t *all = static_cast<const uint16_t *>(p.weights) + 8 * t;
            upper = all + min(first_output + g, p.outputs - 1) * stride;
            lower = all + min(first_output + g + 8, p.outputs - 1) * stride;
        }

        __device__ __forceinline__ void advance(int chunk, int end) {
#pragma unroll
            for (int u = 0; u < STEP; u++) {
                if (chunk + u < end) {
                    w[u][0] = load_streaming(upper + (chunk + u) * CHUNK);
                    w[u][1] = load_streaming(lower + (chunk + u) * CHUNK);
                }
            }
        }

        __device__ __forceinline__ PlainChunk chunk(int u) const { return {w[u][0], w[u][1]}; }
    };

    /* Prefetches the first reads of a warp into L2; two lanes a row. */
    __device__ static __forceinline__ void prefetch(const Problem &p, int first_output, int chunk, int end) {
        constexpr int CHUNK_BYTES = CHUNK * sizeof(uint16_t);
        int lane = threadIdx.x % 32;
        long long row = min(first_output + lane / 2, p.outputs - 1);
        const char *from = static_cast<const char *>(p.weights) + row * p.chunks * CHUNK_BYTES;
#pragma unroll
        for (int u = 0; u < STEP; u++) {
            if (chunk + u < end) {
                prefetch_sector(from + (chunk + u) * CHUNK_BYTES + lane % 2 * SECTOR_BYTES);
            }
        }
    }
};

__device__ __forceinline__ uint32_t fma_bf16x2(uint32_t a, uint32_t b, uint32_t c) {
    uint32_t result;
    asm("fma.rn.bf16x2 %0, %1, %2, %3;" : "=r"(result) : "r"(a), "r"(b), "r"(c));
    return result;
}

constexpr uint32_t ONES = 0x3f803f80u;

/* Zeros other than the middle of the codes, as offsets that are added to a code; each twice in a register. */
struct Offsets {
    uint32_t upper, lower;
};

/* 0..255 for -128..127: code - 128 is (128 + its lower 7 bits) - (256 without its upper bit, or 128). */
struct Codes8 {
    static constexpr int LOADS = 4;  /* of 16 bytes that a lane has of a block */
    static constexpr int CHUNKS = 1; /* of a load */
    static constexpr int DEPTH = 1;  /* blocks in flight, skinny: 24 warps * 2 KiB = 48 KiB an SM */

    __device__ static __forceinline__ uint2 four(uint32_t codes) {
        uint32_t odd = codes >> 8;
        return {pair(codes), pair(odd)};
    }

    __device__ static __forceinline__ uint32_t pair(uint32_t codes) {
        uint32_t fraction = (codes & 0x007f007fu) | 0x43004300u;
        uint32_t middle = (~codes & 0x00800080u) | 0x43004300u;
        return fma_bf16x2(middle, 0xbf80bf80u, fraction);
    }

    __device__ static __forceinline__ uint4 eight(uint32_t first, uint32_t second) {
        uint2 a = four(first), b = four(second);
        return {a.x, a.y, b.x, b.y};
    }

    __device__ static __forceinline__ void decode(uint4 load, int, uint4 &upper, uint4 &lower) {
        upper = eight(load.x, load.y);
        lower = eight(load.z, load.w);
    }

    __device__ static __forceinline__ uint4 moved(uint4 v, uint32_t offset) {
        return {fma_bf16x2(v.x, ONES, offset), fma_bf16x2(v.y, ONES, offset), fma_bf16x2(v.z, ONES, offset),
                fma_bf16x2(v.w, ONES, offset)};
    }

    /* Offsets are 128 - zero. */
    __device__ static __forceinline__ void decode(uint4 load, int part, Offsets offsets, uint4 &upper,
                                                  uint4 &lower) {
        decode(load, part, upper, lower);
        upper = moved(upper, offsets.upper);
        lower = moved(lower, offsets.lower);
    }
};

/* 0..15 for -8..7. A load is of two chunks. */
struct Codes4 {
    static constexpr int LOADS = 2;
    static constexpr int CHUNKS = 2;
    static constexpr int DEPTH = 2; /* 24 warps * 2 * 1 KiB = 48 KiB an SM */

    /* Offset is -128 - zero. */
    __device__ static __forceinline__ uint32_t pair(uint32_t codes, uint32_t offset) {
        return fma_bf16x2((codes & 0x000f000fu) | 0x43004300u, ONES, offset);
    }

    __device__ static __forceinline__ uint4 eight(uint32_t codes, uint32_t offset) {
        return {pair(codes, offset), pair(codes >> 4, offset), pair(codes >> 8, offset),
                pair(codes >> 12, offset)};
    }

    __device__ static __forceinline__ void decode(uint4 load, int part, Offsets offsets, uint4 &upper,
                                                  uint4 &lower) {
        upper = eight(part == 0 ? load.x : load.z, offsets.upper);
        lower = eight(part == 0 ? load.y : load.w, offsets.lower);
    }

    __device__ static __forceinline__ void decode(uint4 load, int part, uint4 &upper, uint4 &lower) {
        constexpr uint32_t MIDDLE = 0xc308c308u; /* -136 */
        decode(load, part, {MIDDLE, MIDDLE}, upper, lower);
    }
};

/*
 * e4m3: sign, 4 bits of exponent with bias 7, 3 of fraction. With these bits at the ends of a bf16's
 * exponent and fraction it is the value times 2^(7 - 127), subnormal where the code is, and a multiply
 * by 2^120 makes that exact. No conversion of compute_89 is needed. NaN would become 480: quantised
 * weights have none.
 */
struct CodesE4m3 {
    static constexpr int LOADS = 4;
    static constexpr int CHUNKS = 1;
    static constexpr int DEPTH = 1;

    /* From codes in the upper bytes of both halves: `shifted` is the same, 4 bits lower. */
    __device__ static __forceinline__ uint32_t pair(uint32_t codes, uint32_t shifted) {
        constexpr uint32_t POWER = 0x7b807b80u; /* 2^120 */
        constexpr uint32_t NOTHING = 0x80008000u; /* -0 leaves the sign of a zero */
        return fma_bf16x2((codes & 0x80008000u) | (shifted & 0x07f007f0u), POWER, NOTHING);
    }

    __device__ static __forceinline__ uint4 eight(uint32_t first, uint32_t second) {
        return {pair(first << 8, first << 4), pair(first, first >> 4), pair(second << 8, second << 4),
                pair(second, second >> 4)};
    }

    __device__ static __forceinline__ void decode(uint4 load, int, uint4 &upper, uint4 &lower) {
        upper = eight(load.x, load.y);
        lower = eight(load.z, load.w);
    }
};

__device__ __forceinline__ float low_bf16(uint32_t pair) { return __uint_as_float(pair << 16); }

__device__ __forceinline__ float high_bf16(uint32_t pair) { return __uint_as_float(pair & 0xffff0000u); }

/* The scales of 16 rows of a block: a record for each g, with those of rows g and g + 8. A bf16 per chunk. */
struct ChunkScales {
    uint4 words; /* one for each chunk: row g below row g + 8 */

    __device__ __forceinline__ void load(const ChunkScales *from) { words = load_streaming(from); }

    template <class CODES> __device__ __forceinline__ ScaledChunk chunk(uint4 load, int part, int u) const {
        uint32_t word = u == 0 ? words.x : u == 1 ? words.y : u == 2 ? words.z : words.w;
        ScaledChunk result;
        CODES::decode(load, part, result.upper, result.lower);
        result.upper_scale = low_bf16(word);
        result.lower_scale = high_bf16(word);
        return result;
    }
};

/* A bf16 per block. */
struct BlockScales {
    uint32_t word;

    __device__ __forceinline__ void load(const BlockScales *from) {
        asm volatile("ld.global.nc.L1::no_allocate.u32 %0, [%1];" : "=r"(word) : "l"(from));
    }

    template <class CODES> __device__ __forceinline__ ScaledChunk chunk(uint4 load, int part, int) const {
        ScaledChunk result;
        CODES::decode(load, part, result.upper, result.lower);
        result.upper_scale = low_bf16(word);
        result.lower_scale = high_bf16(word);
        return result;
    }
};

/* An f16 per block, and a bf16 that is added to the codes. */
struct BlockScalesAndOffsets {
    uint2 words;

    __device__ __forceinline__ void load(const BlockScalesAndOffsets *from) {
        asm volatile("ld.global.nc.L1::no_allocate.v2.u32 {%0,%1}, [%2];"
                     : "=r"(words.x), "=r"(words.y)
                     : "l"(from));
    }

    template <class CODES> __device__ __forceinline__ ScaledChunk chunk(uint4 load, int part, int) const {
        ScaledChunk result;
        CODES::decode(load, part, {__byte_perm(words.y, 0, 0x1010), __byte_perm(words.y, 0, 0x3232)},
                      result.upper, result.lower);
        result.upper_scale = from_f16(words.x);
        result.lower_scale = from_f16(words.x >> 16);
        return result;
    }

    __device__ static __forceinline__ float from_f16(uint32_t bits) {
        float value;
        asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(static_cast<uint16_t>(bits)));
        return value;
    }
};

/* Codes and scales in the order in which multiplies need them. */
template <class CODES_, class SCALES_> struct Packed {
    using Codes = CODES_;
    using Scales = SCALES_;
    static constexpr int BLOCK = 4;
    static constexpr int STEP = BLOCK;
    static constexpr int LANES = 32;
    static constexpr int RECORDS = 8; /* one for each g */
    using Chunk = ScaledChunk;

    __host__ __device__ static constexpr int blocks(int chunks) { return (chunks + BLOCK - 1) / BLOCK; }

    __device__ static __forceinline__ const uint4 *codes(const Problem &p, int tile, int block) {
        long long index = static_cast<long long>(tile) * blocks(p.chunks) + block;
        return static_cast<const uint4 *>(p.weights) + index * Codes::LOADS * LANES;
    }

    __device__ static __forceinline__ const Scales *scales(const Problem &p, int tile, int block) {
        long long index = static_cast<long long>(tile) * blocks(p.chunks) + block;
        return static_cast<const Scales *>(p.scales) + index * RECORDS;
    }

    /* A block of 16 rows in registers, and DEPTH more on their way. */
    struct Stream {
        static constexpr int DEPTH = Codes::DEPTH;
        const uint4 *from;
        const Scales *scales_from;
        uint4 held[DEPTH + 1][Codes::LOADS];
        Scales scales_held[DEPTH + 1];

        __device__ __forceinline__ Stream(const Problem &p, int first_output, int chunk, int end) {
            int lane = threadIdx.x % 32;
            from = codes(p, first_output / 16, 0) + lane;
            scales_from = scales(p, first_output / 16, 0) + lane / 4;
#pragma unroll
            for (int ahead = 0; ahead < DEPTH; ahead++) {
                fetch(ahead + 1, chunk + ahead * BLOCK, end);
            }
        }

        __device__ __forceinline__ void fetch(int slot, int chunk, int end) {
            if (chunk < end) {
                int block = chunk / BLOCK;
#pragma unroll
                for (int load = 0; load < Codes::LOADS; load++) {
                    held[slot][load] = load_streaming(from + (block * Codes::LOADS + load) * LANES);
                }
                scales_held[slot].load(scales_from + block * RECORDS);
            }
        }

        __device__ __forceinline__ void advance(int chunk, int end) {
#pragma unroll
            for (int slot = 0; slot < DEPTH; slot++) {
#pragma unroll
                for (int load = 0; load < Codes::LOADS; load++) {
                    held[slot][load] = held[slot + 1][load];
                }
                scales_held[slot] = scales_held[slot + 1];
            }
            fetch(DEPTH, chunk + DEPTH * BLOCK, end);
        }

        __device__ __forceinline__ ScaledChunk chunk(int u) const {
            return scales_held[0].template chunk<Codes>(held[0][u / Codes::CHUNKS], u % Codes::CHUNKS, u);
        }
    };

    /* Prefetches the first reads of a warp into L2. */
    __device__ static __forceinline__ void prefetch(const Problem &p, int first_output, int chunk, int end) {
        int blocks_first = min(Codes::DEPTH + 1, blocks(end) - chunk / BLOCK);
        int tile = first_output / 16;
        prefetch_run(codes(p, tile, chunk / BLOCK),
                     blocks_first * Codes::LOADS * LANES * static_cast<int>(sizeof(uint4)));
        prefetch_run(scales(p, tile, chunk / BLOCK),
                     blocks_first * RECORDS * static_cast<int>(sizeof(Scales)));
    }
};

using Int8 = Packed<Codes8, ChunkScales>;
using Int4 = Packed<Codes4, ChunkScales>;
using Fp8 = Packed<CodesE4m3, BlockScales>;
using Int8G128 = Packed<Codes8, BlockScalesAndOffsets>;
using Int4G128 = Packed<Codes4, BlockScalesAndOffsets>;

} // namespace longhand

#endif
