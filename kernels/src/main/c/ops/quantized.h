/*
 * The memory layout of quantised weights: the lanes of a vector are rows of the matrix.
 *
 * A weight is scale * (u - zero), u unsigned of 8 or 4 bits. Scales and zeros are shared by a group of
 * weights that follow each other in a row. QUANTIZED_FORMATS is the table of the formats, one row each,
 * as in DType.java; a format whose codes are not integers also needs an `unpacked` of its own in
 * linear_quantized.h.
 *
 * A matrix [N, K] is a sequence of tiles of 16 rows, a tile a sequence of blocks of inputs, each a header
 * and then chunks of 64 bytes:
 *   header   for each group of the block 16 scales, row by row, and then 16 zeros if they are stored
 *   chunk    one 32-bit word per row, with b bits a weight the 32 / b weights k0.. of that row: as two
 *            lanes of 16 bits, the even k in the lower lane and the odd k in the upper one, each lane
 *            ascending from its lowest bits. k = k0 + 2 j + i is in the bits from 16 i + b j up.
 * So the words, shifted by b j and masked, are the weights k0 + 2 j and k0 + 2 j + 1 of 16 rows as 16-bit
 * numbers: the operand of a multiplication of pairs (vpmaddwd), from one shift and one mask without a
 * shuffle. A dot product needs no sum over lanes, 16 scales are one load, and a decoding thread reads one
 * stream.
 *
 * N is padded with rows of scale 0; K up to a whole block with arbitrary codes, as x is padded with
 * zeros.
 */
#ifndef LH_QUANTIZED_H
#define LH_QUANTIZED_H

#include "lanes.h"

#define TILE 16
#define GROUP 32 /* inputs whose products sum to one exact integer; divides every format's group */
#define CHUNK_BYTES 64

enum zeros { MIDDLE /* of the codes */, STORED /* int16, a group each */ };

/*
 * The formats: bits of a code, weights of a group and of a block, dtype of the scales, source of the
 * zeros, and the quantiser of a group in quantize.c; NULL where the codes come from GPTQ and AWQ
 * checkpoints.
 */
#define QUANTIZED_FORMATS(ROW)                                                                     \
    ROW(LH_INT8, 8, 32, 64, LH_BF16, MIDDLE, quantize_int8) /* 8.5 bits a weight */                \
    ROW(LH_INT4, 4, 32, 64, LH_BF16, MIDDLE, quantize_int4) /* 4.5 bits */                         \
    ROW(LH_INT8_G128, 8, 128, 128, LH_F16, STORED, NULL)    /* 8.25 bits */                        \
    ROW(LH_INT4_G128, 4, 128, 128, LH_F16, STORED, NULL)    /* 4.25 bits */

typedef struct {
    int32_t bits;
    int32_t group;
    int32_t block;
    int32_t scale;
    enum zeros zeros;
} quantized_format;

#define FORMAT_ROW(dtype, bits, group, block, scale, zeros, quantizer)                             \
    [dtype] = {bits, group, block, scale, zeros},
static const quantized_format FORMATS[] = {QUANTIZED_FORMATS(FORMAT_ROW)};
#undef FORMAT_ROW

ALWAYS_INLINE int is_quantized(int32_t dtype) { return FORMATS[dtype].bits != 0; }

ALWAYS_INLINE int has_zeros(int32_t dtype) { return FORMATS[dtype].zeros == STORED; }

ALWAYS_INLINE int32_t bits_of(int32_t dtype) { return FORMATS[dtype].bits; }

/* The zero where none is stored. */
ALWAYS_INLINE int32_t middle_of(int32_t dtype) { return 1 << (bits_of(dtype) - 1); }

/* Inputs of a block. */
ALWAYS_INLINE int64_t block_of(int32_t dtype) { return FORMATS[dtype].block; }

/* Bytes of the scales of a group of the format for 16 rows, and of their zeros. */
ALWAYS_INLINE int64_t scales_bytes(int32_t dtype) { return 2 * TILE * (has_zeros(dtype) ? 2 : 1); }

ALWAYS_INLINE int64_t header_bytes(int32_t dtype) {
    return block_of(dtype) / FORMATS[dtype].group * scales_bytes(dtype);
}

/* Bytes of the weights of 16 rows and 32 inputs. */
ALWAYS_INLINE int64_t group_bytes(int32_t dtype) { return TILE * GROUP * bits_of(dtype) / 8; }

ALWAYS_INLINE int64_t block_bytes(int32_t dtype) {
    return header_bytes(dtype) + block_of(dtype) / GROUP * group_bytes(dtype);
}

/* Bytes from one tile of a matrix to the next. */
ALWAYS_INLINE int64_t tile_bytes(int32_t dtype, int64_t inputs) {
    return (inputs + block_of(dtype) - 1) / block_of(dtype) * block_bytes(dtype);
}

/* The block that holds group g of 32 inputs of a tile. */
ALWAYS_INLINE const char *block_with(const char *tile, int32_t dtype, int64_t g) {
    return tile + g / (block_of(dtype) / GROUP) * block_bytes(dtype);
}

/* The scales of group g of 32 inputs of a tile; zeros follow them if they are stored. */
ALWAYS_INLINE const char *scales_of(const char *tile, int32_t dtype, int64_t g) {
    int64_t group = g % (block_of(dtype) / GROUP) / (FORMATS[dtype].group / GROUP);
    return block_with(tile, dtype, g) + group * scales_bytes(dtype);
}

/* The chunks of group g of 32 inputs of a tile. */
ALWAYS_INLINE const char *chunks_of(const char *tile, int32_t dtype, int64_t g) {
    return block_with(tile, dtype, g) + header_bytes(dtype)
           + g % (block_of(dtype) / GROUP) * group_bytes(dtype);
}

/* The scales of W rows from row v W of a tile on, for group g of 32 inputs. */
ALWAYS_INLINE vf v_scales(const char *tile, int32_t dtype, int64_t g, int v) {
    const uint16_t *scales = (const uint16_t *)scales_of(tile, dtype, g) + v * W;
    return v_widen(scales, FORMATS[dtype].scale, 0);
}

/* The zeros of the same rows and group; the format must store them. */
ALWAYS_INLINE vi32 v_zeros(const char *tile, int32_t dtype, int64_t g, int v) {
    typedef int16_t vi16_half __attribute__((vector_size(2 * W), aligned(2), may_alias));
    const char *zeros = scales_of(tile, dtype, g) + 2 * TILE + 2 * v * W;
    return __builtin_convertvector(*(const vi16_half *)zeros, vi32);
}

#endif
