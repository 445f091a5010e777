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
    int window;       /* positions that a query sees, its own included */
    float queryScale; /* factor of the queries: scores are in base 2, or the arguments of a cap's tanh */
    float cap;        /* of the scores in base 2; 0: none */

    /* The first position that the query at a position sees. */
    __device__ int first(int position) const { return max(0, position - window + 1); }
};

} // namespace longhand

#endif
