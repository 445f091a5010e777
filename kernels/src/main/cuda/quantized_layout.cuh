/* The layout of tensor.QuantizedMatrix for one format; the host writes the struct. */
#ifndef LONGHAND_QUANTIZED_LAYOUT_CUH
#define LONGHAND_QUANTIZED_LAYOUT_CUH

namespace longhand {

struct QuantizedLayout {
    int bits;             /* of a code */
    int group;            /* weights that share a scale */
    int block;            /* weights of a row in one block */
    int blockBytes;       /* of 16 rows */
    int headerBytes;      /* of a block */
    int groupHeaderBytes; /* of one of its groups */
    int halfScales;       /* f16 scales; otherwise bf16 */
    int zeros;            /* stored after the scales; otherwise fixedZero */
    int fixedZero;
    int e4m3; /* codes are 8-bit floats */
};

} // namespace longhand

#endif
