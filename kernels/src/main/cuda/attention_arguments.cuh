/* The parameter of the kernels of attention.cu. */
#ifndef LONGHAND_ATTENTION_ARGUMENTS_CUH
#define LONGHAND_ATTENTION_ARGUMENTS_CUH

#include "paged_kv.cuh"

namespace longhand {

struct AttentionArguments {
    const float *qkv; /* [rows, (heads + 2 kvHeads) headDim] */
    int heads;
    Batch batch;
    PagedKv kv;
    float *out;      /* [rows, heads, headDim] */
    float *partials; /* [rows, heads, splits, headDim + 2]: mixed values, sum, maximum */
    int splits;
};

} // namespace longhand

#endif
