/*
 * The memory layout of quantised weights: the lanes of a vector are rows of the matrix.
 *
 * A weight is scale * (u - zero) or scale * u + minimum, u unsigned of 8 or 4 bits. Scales, zeros and
 * minima are shared by a group of weights that follow each other in a row. QUANTIZED_FORMATS is the table
 * of the formats, one row each, as in DType.java; a format whose codes are not integers also needs an
 * `unpacked` of its own in linear_quantized.h.
 *
 * A matrix [N, K] is a sequence of tiles of 16 rows, a tile a sequence of blocks of inputs, each a header
 * and then chunks of 64 bytes:
 *   header   for each group of the block 16 scales, row by row, and then 16 zeros or minima if they are
 *            stored. Nested scales and minima are signed bytes times an f16 of the block: 16 of these for
 *            the scales, and 16 for the minima, come first
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

enum zeros {
    MIDDLE, /* of the codes */
    STORED, /* int16, a group each */
    MINIMA  /* none: a minimum is added, which is stored as the scales are */
};

/*
 * The formats: bits of a code, weights of a group and of a block, dtype of the scales (LH_INT8: nested),
 * source of the zeros, and the quantiser of a group in quantize.c; NULL where the codes come from
 * checkpoints.
 */
#define QUANTIZED_FORMATS(ROW)                                                                     \
    ROW(LH_INT8, 8, 32, 64, LH_BF16, MIDDLE, quantize_int8)  /* 8.5 bits a weight */               \
    ROW(LH_INT4, 4, 32, 64, LH_BF16, MIDDLE, quantize_int4)  /* 4.5 bits */                        \
    ROW(LH_INT8_G128, 8, 128, 128, LH_F16, STORED, NULL)     /* 8.25 bits */                       \
    ROW(LH_INT4_G128, 4, 128, 128, LH_F16, STORED, NULL)     /* 4.25 bits */                       \
    ROW(LH_INT8_F16, 8, 32, 64, LH_F16, MIDDLE, NULL)        /* 8.5 bits */                        \
    ROW(LH_INT4_F16, 4, 32, 64, LH_F16, MIDDLE, NULL)        /* 4.5 bits */                        \
    ROW(LH_INT8_MINIMA, 8, 32, 64, LH_F16, MINIMA, NULL)     /* 9 bits */                          \
    ROW(LH_INT4_MINIMA, 4, 32, 64, LH_F16, MINIMA, NULL)     /* 5 bits */                          \
    ROW(LH_INT8_NESTED, 8, 32, 256, LH_INT8, MINIMA, NULL)   /* 8.625 bits */                      \
    ROW(LH_INT4_NESTED, 4, 32, 256, LH_INT8, MINIMA, NULL)   /* 4.625 bits */                      \
    ROW(LH_INT8_NESTED16, 8, 16, 256, LH_INT8, MIDDLE, NULL) /* 8.5625 bits */

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

ALWAYS_INLINE int has_minima(int32_t dtype) { return FORMATS[dtype].zeros == MINIMA; }

ALWAYS_INLINE int is_nested(int32_t dtype) { return FORMATS[dtype].scale == LH_INT8; }

/* Parts of 32 inputs with scales of their own: 2 where groups have 16 weights. */
ALWAYS_INLINE int parts_of(int32_t dtype) { return FORMATS[dtype].group < GROUP ? 2 : 1; }

/* Bytes of a scale; a zero or a minimum has as many. */
ALWAYS_INLINE int64_t scale_bytes(int32_t dtype) { return is_nested(dtype) ? 1 : 2; }

/* Bytes of the scales of a group of the format for 16 rows, and of their zeros or minima. */
ALWAYS_INLINE int64_t scales_bytes(int32_t dtype) {
    return scale_bytes(dtype) * TILE * (FORMATS[dtype].zeros == MIDDLE ? 1 : 2);
}

/* Bytes of the factors of nested scales and minima of a block for 16 rows. */
ALWAYS_INLINE int64_t factors_bytes(int32_t dtype) {
    return is_nested(dtype) ? 2 * TILE * (has_minima(dtype) ? 2 : 1) : 0;
}

ALWAYS_INLINE int64_t header_bytes(int32_t dtype) {
    return factors_bytes(dtype) + block_of(dtype) / FORMATS[dtype].group * scales_bytes(dtype);
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

/* The scales of a part of group g of 32 inputs of a tile; zeros or minima follow if they are stored. */
ALWAYS_INLINE const char *scales_of(const char *tile, int32_t dtype, int64_t g, int part) {
    int64_t group = g % (block_of(dtype) / GROUP) * GROUP / FORMATS[dtype].group + part;
    return block_with(tile, dtype, g) + factors_bytes(dtype) + group * scales_bytes(dtype);
}

/* The chunks of group g of 32 inputs of a tile. */
ALWAYS_INLINE const char *chunks_of(const char *tile, int32_t dtype, int64_t g) {
    return block_with(tile, dtype, g) + header_bytes(dtype)
           + g % (block_of(dtype) / GROUP) * group_bytes(dtype);
}

/* W signed bytes as floats, times as many f16 factors. */
ALWAYS_INLINE vf v_nested(const char *bytes, const char *factors) {
    typedef int8_t vi8 __attribute__((vector_size(W), aligned(1), may_alias));
    vi32 integers = __builtin_convertvector(*(const vi8 *)bytes, vi32);
    return __builtin_convertvector(integers, vf) * v_widen(factors, LH_F16, 0);
}

/* The scales of W rows from row v W of a tile on, for a part of group g of 32 inputs. */
ALWAYS_INLINE vf v_scales(const char *tile, int32_t dtype, int64_t g, int part, int v) {
    const char *scales = scales_of(tile, dtype, g, part) + scale_bytes(dtype) * v * W;
    return is_nested(dtype) ? v_nested(scales, block_with(tile, dtype, g) + 2 * v * W)
                            : v_widen(scales, FORMATS[dtype].scale, 0);
}

/* The minima of the same rows and group; the format must store them. */
ALWAYS_INLINE vf v_minima(const char *tile, int32_t dtype, int64_t g, int v) {
    const char *minima = scales_of(tile, dtype, g, 0) + scale_bytes(dtype) * (TILE + v * W);
    return is_nested(dtype) ? v_nested(minima, block_with(tile, dtype, g) + 2 * (TILE + v * W))
                            : v_widen(minima, FORMATS[dtype].scale, 0);
}

/* The zeros of the same rows and group; the format must store them. */
ALWAYS_INLINE vi32 v_zeros(const char *tile, int32_t dtype, int64_t g, int v) {
    typedef int16_t vi16_half __attribute__((vector_size(2 * W), aligned(2), may_alias));
    const char *zeros = scales_of(tile, dtype, g, 0) + 2 * TILE + 2 * v * W;
    return __builtin_convertvector(*(const vi16_half *)zeros, vi32);
}

#define UNPACKED_INPUTS 8 /* of one step of unpacking: whole chunks of every format */

/* Eight inputs from `input` on, a multiple of 8, of the 16 rows of a tile: out [8][16]. */
ALWAYS_INLINE void unpack_inputs(const char *tile, int32_t dtype, int64_t input,
                                 float out[UNPACKED_INPUTS][TILE]) {
    int32_t bits = bits_of(dtype);
    int64_t per_chunk = 32 / bits;
    int64_t g = input / GROUP;
    int part = (int)(input % GROUP * parts_of(dtype) / GROUP);
    const char *chunk =
        chunks_of(tile, dtype, g) + input % GROUP / per_chunk * CHUNK_BYTES;
    for (int64_t i = 0; i < UNPACKED_INPUTS; i += per_chunk) {
        for (int v = 0; v < NV; v++) {
            vf scale = v_scales(tile, dtype, g, part, v);
            vi32 zero = has_zeros(dtype)    ? v_zeros(tile, dtype, g, v)
                        : has_minima(dtype) ? (vi32){0}
                                            : (vi32){0} + middle_of(dtype);
            vf minimum = has_minima(dtype) ? v_minima(tile, dtype, g, v) : v_zero();
            vi32 words = (vi32)v_load((const float *)(chunk + 4 * v * W));
            for (int64_t j = 0; j < per_chunk; j++) {
                int32_t shift = (int32_t)(16 * (j % 2) + bits * (j / 2));
                vi32 codes = (words >> shift) & ((1 << bits) - 1);
                vf weights = __builtin_convertvector(codes - zero, vf) * scale;
                v_store(out[i + j] + v * W, has_minima(dtype) ? (vf)(weights + minimum) : weights);
            }
        }
        chunk += CHUNK_BYTES;
    }
}

#endif
