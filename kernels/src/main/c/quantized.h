/*
 * Quantised weights as they lie in memory: the lanes of a vector are rows of the matrix.
 *
 * A weight is scale * (u - zero), u unsigned of 8 or 4 bits. Scales and zeros are shared by a group of
 * weights that follow each other in a row:
 *               u       group   scale   zero
 *   INT8        8 bits    32    bf16    128              8.5 bits a weight; made by quantize.c
 *   INT4        4 bits    32    bf16    8                4.5 bits
 *   INT8_G128   8 bits   128    f16     int16 a group    8.25 bits; of GPTQ and AWQ checkpoints
 *   INT4_G128   4 bits   128    f16     int16 a group    4.25 bits
 *
 * A matrix [N, K] is a sequence of tiles of 16 rows, a tile a sequence of blocks of inputs (64 of INT8
 * and INT4, 128 of the others), each a header of 64 bytes and then chunks of 64 bytes:
 *   header   INT8, INT4: 16 scales of the block's first group, row by row, then 16 of its second;
 *            G128: 16 scales, then 16 zeros
 *   chunk    one 32-bit word per row, with b bits a weight the 32 / b weights k0.. of that row: as two
 *            lanes of 16 bits, the even k in the lower lane and the odd k in the upper one, each lane
 *            ascending from its lowest bits. k = k0 + 2 j + i stands in bits 16 i + b j up.
 * So the words shifted by b j and masked are 16-bit numbers k0 + 2 j and k0 + 2 j + 1 of 16 rows, what a
 * multiplication of pairs (vpmaddwd) takes, with one shift and one mask, without a shuffle; a dot
 * product needs no sum over lanes, 16 scales are one load, and a decoding thread reads one stream.
 *
 * N is padded with rows of scale 0; K up to a whole block with anything, as x is padded with zeros.
 */
#ifndef LH_QUANTIZED_H
#define LH_QUANTIZED_H

#include "lanes.h"

#define TILE 16
#define GROUP 32
#define HEADER_BYTES 64
#define CHUNK_BYTES 64

ALWAYS_INLINE int is_quantized(int32_t dtype) { return dtype >= LH_INT8; }

/* Whether groups are of 128 weights with an f16 scale and a zero of their own. */
ALWAYS_INLINE int has_zeros(int32_t dtype) { return dtype >= LH_INT8_G128; }

ALWAYS_INLINE int32_t bits_of(int32_t dtype) {
    return dtype == LH_INT8 || dtype == LH_INT8_G128 ? 8 : 4;
}

/* The zero of INT8 and INT4. */
ALWAYS_INLINE int32_t middle_of(int32_t dtype) { return 1 << (bits_of(dtype) - 1); }

/* Inputs of a block. */
ALWAYS_INLINE int64_t block_of(int32_t dtype) { return has_zeros(dtype) ? 128 : 64; }

/* Bytes of the weights of 16 rows and 32 inputs. */
ALWAYS_INLINE int64_t group_bytes(int32_t dtype) { return TILE * GROUP * bits_of(dtype) / 8; }

ALWAYS_INLINE int64_t block_bytes(int32_t dtype) {
    return HEADER_BYTES + block_of(dtype) / GROUP * group_bytes(dtype);
}

/* From one tile of a matrix to the next. */
ALWAYS_INLINE int64_t tile_bytes(int32_t dtype, int64_t inputs) {
    return (inputs + block_of(dtype) - 1) / block_of(dtype) * block_bytes(dtype);
}

/* The header of the block that holds group g of 32 inputs of a tile. */
ALWAYS_INLINE const char *header_of(const char *tile, int32_t dtype, int64_t g) {
    return tile + g / (block_of(dtype) / GROUP) * block_bytes(dtype);
}

/* The chunks of group g of 32 inputs of a tile. */
ALWAYS_INLINE const char *chunks_of(const char *tile, int32_t dtype, int64_t g) {
    return header_of(tile, dtype, g) + HEADER_BYTES
           + g % (block_of(dtype) / GROUP) * group_bytes(dtype);
}

/* The scales of W rows from row v W of a tile on, for group g of 32 inputs. */
ALWAYS_INLINE vf v_scales(const char *tile, int32_t dtype, int64_t g, int v) {
    const uint16_t *scales = (const uint16_t *)header_of(tile, dtype, g) + v * W;
    return has_zeros(dtype) ? v_widen(scales, LH_F16, 0) : v_widen(scales + g % 2 * TILE, LH_BF16, 0);
}

/* Their zeros; dtype has some. */
ALWAYS_INLINE vi32 v_zeros(const char *tile, int32_t dtype, int64_t g, int v) {
    typedef int16_t vi16_half __attribute__((vector_size(2 * W), aligned(2), may_alias));
    const char *zeros = header_of(tile, dtype, g) + 2 * TILE + 2 * v * W;
    return __builtin_convertvector(*(const vi16_half *)zeros, vi32);
}

#endif
