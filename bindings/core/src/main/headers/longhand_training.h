/*
 * The kernels of training as Java sees them; conventions as in longhand_cpu.h. Activations and gradients are
 * float32. Sums over rows have one order per call, whatever the number of threads.
 */
#ifndef LONGHAND_TRAINING_H
#define LONGHAND_TRAINING_H

#include "longhand_cpu.h"

/* One update of AdamW, with all that depends on the step's number already computed. */
typedef struct lh_adamw {
    float gradient_scale; /* factor on every gradient first */
    float beta1_rest;     /* 1 - beta1 */
    float beta2;
    float beta2_rest;     /* 1 - beta2 */
    float step;           /* learning rate / (1 - beta1^t) */
    float root_scale;     /* 1 / sqrt(1 - beta2^t) */
    float epsilon;
    float keep;           /* 1 - learning rate * weight decay */
} lh_adamw;

/* out (+)= scale x W' + bias; x [rows, inputs], out [rows, outputs]; accumulate != 0 adds to out. With bf16
 * != 0 the three products round both factors to bf16, once, and sum in float32. */
int32_t lh_linear_forward(lh_context *context, const float *x, int32_t rows, int32_t inputs,
                          const lh_matrix *matrix, float scale, float *out, int32_t accumulate, int32_t bf16);

/* dx (+)= scale dout W; dout [rows, outputs], dx [rows, inputs]. */
int32_t lh_linear_backward_input(lh_context *context, const float *dout, int32_t rows,
                                 int32_t inputs, const lh_matrix *matrix, float scale, float *dx,
                                 int32_t accumulate, int32_t bf16);

/* dw += dout' x; dout [rows, outputs], x [rows, inputs], dw [outputs, inputs]. */
int32_t lh_linear_backward_weight(lh_context *context, const float *dout, const float *x,
                                  int32_t rows, int32_t inputs, int32_t outputs, float *dw,
                                  int32_t bf16);

/* dbias += sum over rows of dout. */
int32_t lh_bias_backward(lh_context *context, const float *dout, int32_t rows, int32_t width,
                         float *dbias);

/* dtable[ids[r], :] += scale * dout[r, :], rows ascending. */
int32_t lh_embedding_backward(lh_context *context, const float *dout, const int32_t *ids,
                              int32_t rows, int32_t width, float scale, float *dtable);

/* dx += and dweight += the gradients of lh_rms_norm; dweight may be null. x, dout, dx [rows, width]. */
int32_t lh_rms_norm_backward(lh_context *context, const float *x, const float *weight, float eps,
                             const float *dout, int32_t rows, int32_t width, float *dx,
                             float *dweight);

/* Rotates the heads of x [rows, heads * dim] in place, row r as position r, or back; table as in
 * lh_rope_append. */
int32_t lh_rope_rotate(lh_context *context, float *x, const float *table, int32_t rows,
                       int32_t heads, int32_t dim, int32_t back);

/* Causal attention of one sequence, with scale, cap and window as in lh_attention. q, out [positions,
 * heads * dim], k, v [positions, kv_heads * dim], lse [positions, heads]: the logarithm of the sum of
 * the exponentials of the scaled scores. dim is at most 256. */
int32_t lh_attention_forward(lh_context *context, const float *q, const float *k, const float *v,
                             int32_t positions, int32_t heads, int32_t kv_heads, int32_t dim,
                             float scale, float cap, int32_t window, float *out, float *lse);

/* Sets dq, dk and dv, of the shapes of q, k and v. */
int32_t lh_attention_backward(lh_context *context, const float *q, const float *k, const float *v,
                              const float *out, const float *lse, const float *dout,
                              int32_t positions, int32_t heads, int32_t kv_heads, int32_t dim,
                              float scale, float cap, int32_t window, float *dq, float *dk,
                              float *dv);

/* out = activation(gate) * up; activation an lh_activation. */
int32_t lh_swiglu_forward(lh_context *context, const float *gate, const float *up,
                          int32_t activation, float *out, int64_t count);

/* In place: gate and up become their gradients, dout becomes activation(gate) * up. */
int32_t lh_swiglu_backward(lh_context *context, float *gate, float *up, int32_t activation,
                           float *dout, int64_t count);

/* losses[r] = -log softmax(z[r, :])[labels[r]], best[r] the index of the largest of z = logits, or of z =
 * cap tanh(logits / cap) if cap > 0. With weight > 0 the logits [rows, width] become the gradient of weight
 * * loss, otherwise z. */
int32_t lh_cross_entropy(lh_context *context, float *logits, const int32_t *labels, int32_t rows,
                         int32_t width, float cap, float weight, double *losses, int32_t *best);

/* out (+)= x * mask / keep; the mask depends on key, first_row + row and column alone. */
int32_t lh_dropout(lh_context *context, const float *x, int32_t first_row, int32_t rows,
                   int32_t width, int64_t key, double keep, float *out, int32_t accumulate);

/* Updates master and both moments; bf16_copy, if not null, receives the rounded master. */
int32_t lh_adamw_update(lh_context *context, const lh_adamw *settings, float *master,
                        const float *gradient, float *first, float *second, int64_t count,
                        void *bf16_copy);

/* out = values rounded to bf16. */
int32_t lh_round_to_bf16(lh_context *context, const float *values, int64_t count, void *out);

/* *sum = the sum of the squares. */
int32_t lh_sum_of_squares(lh_context *context, const float *values, int64_t count, double *sum);

#endif
