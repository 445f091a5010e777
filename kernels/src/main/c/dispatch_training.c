/* The entry points of the kernels of training: call through the table of the context's instruction set. */

/* The symbols that the library exports. */
#pragma GCC visibility push(default)
#include <longhand_training.h>
#pragma GCC visibility pop

#include "context.h"
#include "training.h"

#define LH_TABLE(isa)                                                                              \
    LH_TRAINING_OPS(LH_DECLARE_##isa)                                                              \
    const lh_training_kernels lh_training_##isa = {LH_TRAINING_OPS(LH_ENTRY_##isa)}

#define LH_DECLARE_baseline(name, ...) int32_t lh_##name##_baseline(__VA_ARGS__);
#define LH_ENTRY_baseline(name, ...) lh_##name##_baseline,
LH_TABLE(baseline);

#if defined(__x86_64__)
#define LH_DECLARE_avx512(name, ...) int32_t lh_##name##_avx512(__VA_ARGS__);
#define LH_ENTRY_avx512(name, ...) lh_##name##_avx512,
LH_TABLE(avx512);
#if defined(LH_WITH_avx512bf16)
#define LH_DECLARE_PRODUCT(name, ...) int32_t lh_##name##_avx512bf16(__VA_ARGS__);
LH_TRAINING_PRODUCTS(LH_DECLARE_PRODUCT)
#define LH_ENTRY_PRODUCT(name, ...) lh_##name##_avx512bf16,
const lh_training_kernels lh_training_avx512bf16 = {
    LH_TRAINING_PRODUCTS(LH_ENTRY_PRODUCT) LH_TRAINING_OTHERS(LH_ENTRY_avx512)};
#endif
#define LH_DECLARE_avx2(name, ...) int32_t lh_##name##_avx2(__VA_ARGS__);
#define LH_ENTRY_avx2(name, ...) lh_##name##_avx2,
LH_TABLE(avx2);
#endif

int32_t lh_linear_forward(lh_context *context, const float *x, int32_t rows, int32_t inputs,
                          const lh_matrix *matrix, float scale, float *out, int32_t accumulate,
                          int32_t bf16) {
    return context->training->linear_forward(context, x, rows, inputs, matrix, scale, out,
                                             accumulate, bf16);
}

int32_t lh_linear_backward_input(lh_context *context, const float *dout, int32_t rows,
                                 int32_t inputs, const lh_matrix *matrix, float scale, float *dx,
                                 int32_t accumulate, int32_t bf16) {
    return context->training->linear_backward_input(context, dout, rows, inputs, matrix, scale, dx,
                                                    accumulate, bf16);
}

int32_t lh_linear_backward_weight(lh_context *context, const float *dout, const float *x,
                                  int32_t rows, int32_t inputs, int32_t outputs, float *dw,
                                  int32_t bf16) {
    return context->training->linear_backward_weight(context, dout, x, rows, inputs, outputs, dw,
                                                     bf16);
}

int32_t lh_bias_backward(lh_context *context, const float *dout, int32_t rows, int32_t width,
                         float *dbias) {
    return context->training->bias_backward(context, dout, rows, width, dbias);
}

int32_t lh_embedding_backward(lh_context *context, const float *dout, const int32_t *ids,
                              int32_t rows, int32_t width, float scale, float *dtable) {
    return context->training->embedding_backward(context, dout, ids, rows, width, scale, dtable);
}

int32_t lh_rms_norm_backward(lh_context *context, const float *x, const float *weight, float eps,
                             const float *dout, int32_t rows, int32_t width, float *dx,
                             float *dweight) {
    return context->training->rms_norm_backward(context, x, weight, eps, dout, rows, width, dx,
                                                dweight);
}

int32_t lh_rope_rotate(lh_context *context, float *x, const float *table, int32_t rows,
                       int32_t heads, int32_t dim, int32_t back) {
    return context->training->rope_rotate(context, x, table, rows, heads, dim, back);
}

int32_t lh_attention_forward(lh_context *context, const float *q, const float *k, const float *v,
                             int32_t positions, int32_t heads, int32_t kv_heads, int32_t dim,
                             float scale, float cap, int32_t window, float *out, float *lse) {
    return context->training->attention_forward(context, q, k, v, positions, heads, kv_heads, dim,
                                                scale, cap, window, out, lse);
}

int32_t lh_attention_backward(lh_context *context, const float *q, const float *k, const float *v,
                              const float *out, const float *lse, const float *dout,
                              int32_t positions, int32_t heads, int32_t kv_heads, int32_t dim,
                              float scale, float cap, int32_t window, float *dq, float *dk,
                              float *dv) {
    return context->training->attention_backward(context, q, k, v, out, lse, dout, positions, heads,
                                                 kv_heads, dim, scale, cap, window, dq, dk, dv);
}

int32_t lh_swiglu_forward(lh_context *context, const float *gate, const float *up,
                          int32_t activation, float *out, int64_t count) {
    return context->training->swiglu_forward(context, gate, up, activation, out, count);
}

int32_t lh_swiglu_backward(lh_context *context, float *gate, float *up, int32_t activation,
                           float *dout, int64_t count) {
    return context->training->swiglu_backward(context, gate, up, activation, dout, count);
}

int32_t lh_cross_entropy(lh_context *context, float *logits, const int32_t *labels, int32_t rows,
                         int32_t width, float cap, float weight, double *losses, int32_t *best) {
    return context->training->cross_entropy(context, logits, labels, rows, width, cap, weight,
                                            losses, best);
}

int32_t lh_dropout(lh_context *context, const float *x, int32_t first_row, int32_t rows,
                   int32_t width, int64_t key, double keep, float *out, int32_t accumulate) {
    return context->training->dropout(context, x, first_row, rows, width, key, keep, out,
                                      accumulate);
}

int32_t lh_adamw_update(lh_context *context, const lh_adamw *settings, float *master,
                        const float *gradient, float *first, float *second, int64_t count,
                        void *bf16_copy) {
    return context->training->adamw_update(context, settings, master, gradient, first, second,
                                           count, bf16_copy);
}

int32_t lh_round_to_bf16(lh_context *context, const float *values, int64_t count, void *out) {
    return context->training->round_to_bf16(context, values, count, out);
}

int32_t lh_sum_of_squares(lh_context *context, const float *values, int64_t count, double *sum) {
    return context->training->sum_of_squares(context, values, count, sum);
}
