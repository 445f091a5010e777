/* The kernels of training as compiled for one instruction set, and the table of them. */
#ifndef LH_TRAINING_H
#define LH_TRAINING_H

#include <longhand_training.h>

/* Arguments as in longhand_training.h. */
#define LH_TRAINING_PRODUCTS(OP)                                                                   \
    OP(linear_forward, lh_context *, const float *, int32_t, int32_t, const lh_matrix *, float,    \
       float *, int32_t, int32_t)                                                                  \
    OP(linear_backward_input, lh_context *, const float *, int32_t, int32_t, const lh_matrix *,    \
       float, float *, int32_t, int32_t)                                                           \
    OP(linear_backward_weight, lh_context *, const float *, const float *, int32_t, int32_t,       \
       int32_t, float *, int32_t)
#define LH_TRAINING_OTHERS(OP)                                                                     \
    OP(bias_backward, lh_context *, const float *, int32_t, int32_t, float *)                      \
    OP(embedding_backward, lh_context *, const float *, const int32_t *, int32_t, int32_t, float,  \
       float *)                                                                                    \
    OP(rms_norm_backward, lh_context *, const float *, const float *, float, const float *,        \
       int32_t, int32_t, float *, float *)                                                         \
    OP(rope_rotate, lh_context *, float *, const float *, int32_t, int32_t, int32_t, int32_t)      \
    OP(attention_forward, lh_context *, const float *, const float *, const float *, int32_t,      \
       int32_t, int32_t, int32_t, float, float, int32_t, float *, float *)                         \
    OP(attention_backward, lh_context *, const float *, const float *, const float *, const        \
       float *, const float *, const float *, int32_t, int32_t, int32_t, int32_t, float, float,    \
       int32_t, float *, float *, float *)                                                         \
    OP(swiglu_forward, lh_context *, const float *, const float *, int32_t, float *, int64_t)      \
    OP(swiglu_backward, lh_context *, float *, float *, int32_t, float *, int64_t)                 \
    OP(cross_entropy, lh_context *, float *, const int32_t *, int32_t, int32_t, float, float,      \
       double *, int32_t *)                                                                        \
    OP(dropout, lh_context *, const float *, int32_t, int32_t, int32_t, int64_t, double, float     \
       *, int32_t)                                                                                 \
    OP(adamw_update, lh_context *, const lh_adamw *, float *, const float *, float *, float *,     \
       int64_t, void *)                                                                            \
    OP(round_to_bf16, lh_context *, const float *, int64_t, void *)                                \
    OP(sum_of_squares, lh_context *, const float *, int64_t, double *)
#define LH_TRAINING_OPS(OP) LH_TRAINING_PRODUCTS(OP) LH_TRAINING_OTHERS(OP)

typedef struct lh_training_kernels {
#define LH_FIELD(name, ...) int32_t (*name)(__VA_ARGS__);
    LH_TRAINING_OPS(LH_FIELD)
#undef LH_FIELD
} lh_training_kernels;

#if defined(__x86_64__)
/* bf16: the products of avx512 with the dot product of bf16 pairs */
extern const lh_training_kernels lh_training_avx512bf16, lh_training_avx512, lh_training_avx2;
#endif
extern const lh_training_kernels lh_training_baseline;

#endif
