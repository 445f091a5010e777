/*
 * The CPU kernels as Java sees them: the one header that jextract reads.
 *
 * Conventions
 *   - All matrices are row-major. Weights are [outputs, inputs] as Hugging Face stores them, in their
 *     stored dtype and at any alignment (they are mapped straight from safetensors files).
 *   - Activations are float32 and contiguous. Shapes stand beside each argument as [rows, width].
 *   - Shapes, bounds and nulls are checked by the Java caller; these functions trust them.
 *   - Every function that can fail returns an lh_status; none prints, exits or aborts.
 *   - A context is used by one thread at a time; separate contexts are independent.
 *   - Results do not depend on the number of threads, on the other rows of a call, or on how a prompt
 *     was cut into calls: each output element has one accumulation order (see lanes.h).
 */
#ifndef LONGHAND_CPU_H
#define LONGHAND_CPU_H

#include <stdint.h>

#define LH_ABI_VERSION 5

/* Positions per KV page. A page is also the attention kernel's tile: 64 keys of 64 floats are 16 KiB. */
#define LH_PAGE_POSITIONS 64

/* Positions that one attention task covers; a fixed size, so that partial results merge in one order. */
#define LH_SPLIT_POSITIONS 512

typedef enum lh_status {
    LH_OK = 0,
    LH_OUT_OF_MEMORY = 1,
    LH_NO_THREAD = 2,
    LH_UNKNOWN_ISA = 3,
    LH_FILE_CHANGED = 4,
    LH_NOT_WATCHED = 5
} lh_status;

/*
 * The LH_INT dtypes are for weights of linear layers, quantized.h has their layout; LH_INT8 is also
 * for KV caches, whose layout is in kv.h.
 */
typedef enum lh_dtype {
    LH_F32 = 0,
    LH_BF16 = 1,
    LH_F16 = 2,
    LH_INT8 = 3,
    LH_INT4 = 4,
    LH_INT8_G128 = 5,
    LH_INT4_G128 = 6,
    LH_INT8_F16 = 7,
    LH_INT4_F16 = 8,
    LH_INT8_MINIMA = 9,
    LH_INT4_MINIMA = 10,
    LH_INT8_NESTED = 11,
    LH_INT4_NESTED = 12,
    LH_INT8_NESTED16 = 13
} lh_dtype;

/* The activation of the gate in an MLP: g / (1 + e^-g), or GELU by its approximation with tanh. */
typedef enum lh_activation {
    LH_SILU = 0,
    LH_GELU_TANH = 1
} lh_activation;

typedef struct lh_context lh_context;

/* The rows of one step. Rows of one sequence stand together, in ascending position. */
typedef struct lh_batch {
    int32_t rows;
    int32_t pages_per_sequence;  /* row length of page_tables */
    const int32_t *tokens;       /* [rows] */
    const int32_t *positions;    /* [rows] */
    const int32_t *sequences;    /* [rows] row of page_tables */
    const int32_t *page_tables;  /* [sequences, pages_per_sequence] page numbers */
} lh_batch;

/*
 * One paged KV cache. With P = LH_PAGE_POSITIONS:
 *   keys   [layers, pages, kv_heads, head_dim, P]  transposed, so that scores need no horizontal sums
 *   values [layers, pages, kv_heads, P, head_dim], of LH_INT8 with scales after each [P, head_dim]
 */
typedef struct lh_kv {
    void *keys;
    void *values;
    int32_t dtype; /* LH_F32, LH_BF16, or LH_INT8: keys in bf16, values in 8 bits */
    int32_t layers;
    int32_t pages;
    int32_t kv_heads;
    int32_t head_dim;
} lh_kv;

/* One weight matrix of a group that reads the same input. */
typedef struct lh_matrix {
    const void *weights; /* [outputs, inputs] */
    const float *bias;   /* [outputs] or null */
    int32_t dtype;
    int32_t outputs;
} lh_matrix;

/*
 * Rows whose sequences use an adapter: for them each matrix W of the group becomes W + scale B A
 * (Hu et al., "LoRA", 2021). The rank of a change is a's outputs, 0 where W stays as it is; a and b
 * have one dtype.
 */
typedef struct lh_lora {
    const lh_matrix *a;  /* one per matrix of the group: [rank, inputs] */
    const lh_matrix *b;  /* one per matrix of the group: [outputs, rank] */
    const float *scales; /* one per matrix of the group */
    int32_t first_row;
    int32_t rows;
} lh_lora;

int32_t lh_abi_version(void);

/* Names of the instruction sets compiled in that this processor can run, best first; null past the end. */
const char *lh_isa_name(int32_t index);

/* A context with its own worker threads (the caller is one of `threads`); isa null = the best one. */
int32_t lh_context_create(const char *isa, int32_t threads, lh_context **out);
void lh_context_destroy(lh_context *context);

/* Zeroed memory, committed page by page as it is touched, on huge pages where the kernel agrees. */
int32_t lh_memory_reserve(int64_t bytes, void **out);
void lh_memory_release(void *memory, int64_t bytes);
/* Asks for huge pages under memory that is not touched yet, a mapped file's for example. */
void lh_memory_prefer_huge(const void *memory, int64_t bytes);

/*
 * Watches a file that is mapped as a whole. If the file shrinks, a read beyond its end raises SIGBUS,
 * which would end the process. While the file is watched, its whole mapping becomes zeros instead, and
 * the file counts as changed. The caller must check the watch before it uses what it computed from the
 * mapping. Another file under the same path does not matter: the mapping keeps the old one.
 */
typedef struct lh_watch lh_watch;

/* LH_NOT_WATCHED if the file cannot be opened or the system refuses a signal handler. */
int32_t lh_watch_begin(const char *path, const void *mapping, int64_t bytes, lh_watch **out);
/* LH_FILE_CHANGED from the first change of size or modification time on; LH_OK after the end. Any thread. */
int32_t lh_watch_check(lh_watch *watch);
/* Call it once, when no thread reads the mapping any more. */
void lh_watch_end(lh_watch *watch);

/* out[r,:] = scale * table[tokens[r],:]; table [vocabulary, width], of any dtype */
int32_t lh_embed(lh_context *context, const void *table, int32_t dtype, int32_t width, float scale,
                 const lh_batch *batch, float *out);

/*
 * out[r,:] = x[r,:] * rsqrt(mean(x[r,:]^2) + eps) * weight; x, out [rows, width]; accumulate != 0 adds to
 * what out holds.
 */
int32_t lh_rms_norm(lh_context *context, const float *x, const float *weight, float eps, float *out,
                    int32_t rows, int32_t width, int32_t accumulate);

/*
 * out[r, o] = sum_k x[r,k] * W[o,k] + bias[o], the outputs of the matrices side by side;
 * accumulate != 0 adds to what out holds (the residual). x [rows, inputs], out [rows, sum of outputs].
 * loras: ascending, disjoint ranges of rows; a row in none of them has the bits of a call without.
 */
int32_t lh_linear(lh_context *context, const float *x, int32_t rows, int32_t inputs,
                  const lh_matrix *matrices, int32_t matrix_count, const lh_lora *loras,
                  int32_t lora_count, float *out, int32_t accumulate);

/*
 * Rotates q and k of each row in place by its position (half-split pairs d, d + head_dim/2) and writes
 * k and v to the cache. qkv [rows, (heads + 2 kv_heads) * head_dim]; rope [positions, head_dim]: the
 * cosines of a position, then its sines, head_dim/2 each. Before its rotation, each head of q and k takes
 * the RMSNorm of query_norm or key_norm [head_dim], unless they are null.
 */
int32_t lh_rope_append(lh_context *context, float *qkv, int32_t heads, const float *rope,
                       const float *query_norm, const float *key_norm, float norm_eps,
                       const lh_batch *batch, const lh_kv *kv, int32_t layer);

/*
 * Causal attention of each row's query heads over positions 0..position of its sequence, or over the last
 * `window` of them if window > 0. The score of a key is s = scale q.k, or cap tanh(s / cap) if cap > 0.
 * q is read from qkv as above; out [rows, heads * head_dim].
 */
int32_t lh_attention(lh_context *context, const float *qkv, int32_t heads, float scale, float cap,
                     int32_t window, const lh_batch *batch, const lh_kv *kv, int32_t layer,
                     float *out);

/*
 * out[r,i] = activation(gate_up[r,i]) * gate_up[r,width+i]; gate_up [rows, 2 width], out [rows, width];
 * activation an lh_activation
 */
int32_t lh_swiglu(lh_context *context, const float *gate_up, int32_t activation, float *out,
                  int32_t rows, int32_t width);

/* In place: x[i] = cap tanh(x[i] / cap) of count elements. */
int32_t lh_soft_cap(lh_context *context, float *x, int64_t count, float cap);

/* out[i,:] = x[indices[i],:] */
int32_t lh_gather_rows(lh_context *context, const float *x, const int32_t *indices, float *out,
                       int32_t count, int32_t width);

/*
 * Quantises a matrix [outputs, inputs] of finite weights to LH_INT8 or LH_INT4; out has the tiles of
 * quantized.h. The bits of the result do not depend on the instruction set.
 */
int32_t lh_quantize(lh_context *context, const void *weights, int32_t from, int32_t outputs,
                    int32_t inputs, int32_t to, void *out);

/* The index of the first NaN or infinity among count values at any alignment, or -1 in *first. */
int32_t lh_find_nonfinite(lh_context *context, const void *values, int32_t dtype, int64_t count,
                          int64_t *first);

/* Copies one page of every layer. */
int32_t lh_copy_page(lh_context *context, const lh_kv *kv, int32_t from, int32_t to);

#endif
