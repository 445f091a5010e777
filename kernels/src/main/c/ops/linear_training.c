/*
 * The three products of a linear layer in training, over many rows:
 *   forward          out = scale x W' + bias      [rows, inputs] x [outputs, inputs]'
 *   backward input   dx  = scale dout W           [rows, outputs] x [outputs, inputs]
 *   backward weight  dW += dout' x                [rows, outputs]' x [rows, inputs]
 *
 * Each is C = A B by panels: a task owns a block of C and walks the depth in steps of DEPTH; per step it
 * packs its rows of A, then for TILE_WIDTH columns at a time B, which multiplies all rows of the block.
 * An element of C is the sum over the steps in ascending order, whose parts are each one chain, so its bits
 * depend on neither the blocks nor the threads. A task packs for itself: sharing panels would need a barrier
 * at every step, and packing takes about 3 % of the time.
 *
 * Factors are F32, weights widened, or all are rounded to bf16 as they are packed (product_bf16.h).
 *
 * Measured at the 0.5B shape on one thread of a busy Zen 5, by processor time, beside 24 chains of
 * multiply-adds in registers in the same run (199 to 219 GFLOP/s; dot products of bf16, earlier, 322 to 342),
 * in GFLOP/s of forward, backward input and backward weight:
 *                                  F32             bf16
 *   512 rows, 896 to 4864          142, 159, 150   287, 269, 254
 *   512 rows, 4864 to 896          153, 148, 141   282, 277, 261
 *   512 rows, 896 to 1152          151, 161, 149   282, 271, 235
 *   2048 rows, 896 to 4864         150, 161, 168   298, 289, 273
 *   256 rows, 896 to 4864          153, 159, 155   279, 252, 213
 *   512 rows, 896 to 64            140, 156, 128   244, 280, 213
 *   512 rows, 64 to 896            167, 157, 134   291, 249, 199
 *   512 rows, 4864 to 64           131, 153, 124   209, 221, 166
 * F32 before: steps of 384 made B's panel of 48 KiB leave the first-level cache, and C's tiles were not
 * asked for in advance: 137, 141, 131 in the first line and 104, 136, 98 in the last.
 */
#include "product_bf16.h"

#define DEPTH 256      /* of a step: a multiple of the inputs of quantised groups and of their tiles */
#define DEPTH_BF16 512 /* of a step of bf16 inputs */
#define UNITS (BF16_PAIRS ? DEPTH : DEPTH_BF16) /* of four bytes, of the deepest step */
#define ROWS_MAX 384   /* of a block: 384 KiB of A, which second-level caches hold */
#define WIDTH_MAX 1024 /* of a block */
#define CHUNK 64       /* depth of what is rounded at a time */
#define TASKS_PER_THREAD 4

typedef struct {
    const lh_context *context;
    strided a;
    const void *b;
    int32_t dtype;
    int32_t transposed; /* B is the transpose of weights [width, depth]; else they are [depth, width] */
    int32_t bf16;       /* whether A and B are rounded to bf16 */
    int64_t rows, width, depth;
    const float *bias; /* [width] or null */
    float scale;
    float *out; /* [rows, width] */
    int32_t accumulate;
    int64_t block_rows, block_width, blocks_down;
} product_job;

typedef struct {
    float a[UNITS * (ROWS_MAX + TILE_ROWS)];
    float b[UNITS * TILE_WIDTH + W];
    float wide[CHUNK * TILE_WIDTH + W];
} product_scratch;

typedef float product_sums[TILE_ROWS][TILE_WIDTH];

/* The tile of packed panels: A [units][TILE_ROWS], B [units][TILE_WIDTH]. */
ALWAYS_INLINE void packed_tile_of(int64_t units, const float *a, const float *b, int pairs,
                                  product_sums out) {
    vf sums[TILE_ROWS][TILE_VECTORS];
    tile_sums(units, (strided){a, 1, TILE_ROWS}, b, TILE_WIDTH, pairs, sums);
    for (int r = 0; r < TILE_ROWS; r++) {
        for (int v = 0; v < TILE_VECTORS; v++) {
            v_store(out[r] + v * W, sums[r][v]);
        }
    }
}

static void packed_tile(int64_t units, const float *a, const float *b, int pairs, product_sums out) {
    if (pairs) {
        packed_tile_of(units, a, b, 1, out);
    } else {
        packed_tile_of(units, a, b, 0, out);
    }
}

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static int64_t aligned(int64_t count, int64_t align) { return (count + align - 1) / align * align; }

/* The weights [k, k + depth) x [first, first + width) of B. */
ALWAYS_INLINE void pack_b_as(const product_job *job, int32_t dtype, int64_t k, int64_t depth,
                             int64_t first, float *panel) {
    int64_t width = least(TILE_WIDTH, job->width - first);
    if (is_quantized(dtype) && job->transposed) {
        pack_quantized_rows(job->b, dtype, job->depth, first, k, depth, job->width, panel);
    } else if (is_quantized(dtype)) {
        pack_quantized_columns(job->b, dtype, job->width, first, k, depth, panel);
    } else if (job->transposed) {
        pack_rows(job->b, dtype, job->depth, first, width, k, depth, panel);
    } else {
        pack_columns(job->b, dtype, job->width, first, width, k, depth, panel);
    }
}

static void pack_b(const product_job *job, int64_t k, int64_t depth, int64_t first, float *panel) {
#define PACK_CASE(format, ...)                                                                     \
    case format: pack_b_as(job, format, k, depth, first, panel); break;
    switch (job->dtype) {
        PACK_CASE(LH_F32)
        PACK_CASE(LH_BF16)
        PACK_CASE(LH_F16)
        QUANTIZED_FORMATS(PACK_CASE)
    }
#undef PACK_CASE
}

/* pack_b, rounded to bf16. */
static void pack_b_bf16(const product_job *job, int64_t k, int64_t depth, int64_t first,
                        product_scratch *scratch) {
    int whole = first + TILE_WIDTH <= job->width && job->depth % 2 == 0;
    if (BF16_PAIRS && whole && job->dtype == LH_BF16 && job->transposed) { /* pairs lie side by side */
        pack_rows(job->b, LH_F32, job->depth / 2, first, TILE_WIDTH, k / 2, depth / 2, scratch->b);
        return;
    }
    for (int64_t i = 0; i < depth; i += CHUNK) {
        int64_t count = least(CHUNK, depth - i);
        pack_b(job, k + i, count, first, scratch->wide);
        round_panel(scratch->wide, count, TILE_WIDTH, scratch->b + bf16_units(i) * TILE_WIDTH);
    }
}

/* pack_a, rounded to bf16. */
static void pack_a_bf16(strided a, int64_t rows, int64_t depth, float *wide, float *panel) {
    for (int64_t i = 0; i < depth; i += CHUNK) {
        int64_t count = least(CHUNK, depth - i);
        pack_a(strided_at(a, 0, i), rows, count, wide);
        round_panel(wide, count, TILE_ROWS, panel + bf16_units(i) * TILE_ROWS);
    }
}

/* Asks for the tile of C at `row` and `column` before its sums are ready. */
static void fetch_tile(const product_job *job, int64_t row, int64_t rows, int64_t column) {
    for (int64_t r = 0; r < rows; r++) {
        const char *out = (const char *)(job->out + (row + r) * job->width + column);
        for (size_t byte = 0; byte < TILE_WIDTH * sizeof(float); byte += 64) {
            __builtin_prefetch(out + byte, 1);
        }
    }
}

/* Adds the sums of one step to a tile of C; the first step sets it. */
static void put_tile(const product_job *job, product_sums sums, int64_t row, int64_t rows,
                     int64_t column, int first_step) {
    int64_t width = least(TILE_WIDTH, job->width - column);
    int add = job->accumulate || !first_step;
    const float *bias = first_step && job->bias != NULL ? job->bias + column : NULL;
    for (int64_t r = 0; r < rows; r++) {
        float *out = job->out + (row + r) * job->width + column;
        if (width == TILE_WIDTH && bias == NULL) {
            for (int v = 0; v < TILE_VECTORS; v++) {
                vf before = add ? v_load(out + v * W) : v_zero();
                v_store(out + v * W, before + v_load(sums[r] + v * W) * v_set1(job->scale));
            }
            continue;
        }
        for (int64_t n = 0; n < width; n++) {
            float before = (add ? out[n] : 0) + (bias != NULL ? bias[n] : 0);
            out[n] = before + sums[r][n] * job->scale;
        }
    }
}

static void pack_block(const product_job *job, int64_t first_row, int64_t rows, int64_t k,
                       int64_t depth, product_scratch *scratch) {
    int64_t units = job->bf16 ? bf16_units(depth) : depth;
    for (int64_t r = 0; r < rows; r += TILE_ROWS) {
        strided a = strided_at(job->a, first_row + r, k);
        float *panel = scratch->a + r * units;
        if (job->bf16) {
            pack_a_bf16(a, least(TILE_ROWS, rows - r), depth, scratch->wide, panel);
        } else {
            pack_a(a, least(TILE_ROWS, rows - r), depth, panel);
        }
    }
}

static void product_task(void *argument, int64_t index, int32_t thread) {
    const product_job *job = argument;
    product_scratch *scratch = lh_scratch_of(job->context, thread);
    int64_t first_row = index % job->blocks_down * job->block_rows;
    int64_t first = index / job->blocks_down * job->block_width;
    int64_t rows = least(job->block_rows, job->rows - first_row);
    int64_t end = least(first + job->block_width, job->width);
    int64_t step = job->bf16 ? DEPTH_BF16 : DEPTH;
    int pairs = job->bf16 && BF16_PAIRS;
    uint32_t before = job->bf16 ? flush_denormals() : 0;
    for (int64_t k = 0; k < job->depth; k += step) {
        int64_t depth = least(step, job->depth - k);
        int64_t units = job->bf16 ? bf16_units(depth) : depth;
        pack_block(job, first_row, rows, k, depth, scratch);
        for (int64_t n = first; n < end; n += TILE_WIDTH) {
            if (job->bf16) {
                pack_b_bf16(job, k, depth, n, scratch);
            } else {
                pack_b(job, k, depth, n, scratch->b);
            }
            for (int64_t r = 0; r < rows; r += TILE_ROWS) {
                product_sums sums;
                int64_t count = least(TILE_ROWS, rows - r);
                fetch_tile(job, first_row + r, count, n);
                packed_tile(units, scratch->a + r * units, scratch->b, pairs, sums);
                put_tile(job, sums, first_row + r, count, n, k == 0);
            }
        }
    }
    if (job->bf16) {
        restore_denormals(before);
    }
}

/* Splits a length into equal blocks of at most `most`, each a multiple of `align`. */
static int64_t block_of_length(int64_t length, int64_t most, int64_t align) {
    int64_t blocks = (length + most - 1) / most;
    return aligned((length + blocks - 1) / blocks, align);
}

static int32_t multiply(lh_context *context, product_job *job) {
    int32_t status = lh_scratch(context, sizeof(product_scratch));
    if (status != LH_OK) {
        return status;
    }
    int64_t wanted = (int64_t)TASKS_PER_THREAD * context->threads;
    job->context = context;
    job->block_rows = block_of_length(job->rows, ROWS_MAX, TILE_ROWS);
    job->blocks_down = (job->rows + job->block_rows - 1) / job->block_rows;
    int64_t across = (wanted + job->blocks_down - 1) / job->blocks_down;
    int64_t width = aligned((job->width + across - 1) / across, TILE_WIDTH);
    width = width < 4 * TILE_WIDTH ? 4 * TILE_WIDTH : width;
    job->block_width = block_of_length(job->width, least(width, WIDTH_MAX), TILE_WIDTH);
    int64_t blocks_across = (job->width + job->block_width - 1) / job->block_width;
    lh_pool_run(context->pool, product_task, job, job->blocks_down * blocks_across);
    return LH_OK;
}

int32_t LH_NAME(lh_linear_forward)(lh_context *context, const float *x, int32_t rows, int32_t inputs,
                                   const lh_matrix *matrix, float scale, float *out,
                                   int32_t accumulate, int32_t bf16) {
    product_job job = {
        .a = {x, inputs, 1}, .b = matrix->weights, .dtype = matrix->dtype, .transposed = 1,
        .rows = rows, .width = matrix->outputs, .depth = inputs, .bias = matrix->bias,
        .scale = scale, .out = out, .accumulate = accumulate, .bf16 = bf16,
    };
    return multiply(context, &job);
}

int32_t LH_NAME(lh_linear_backward_input)(lh_context *context, const float *dout, int32_t rows,
                                          int32_t inputs, const lh_matrix *matrix, float scale,
                                          float *dx, int32_t accumulate, int32_t bf16) {
    product_job job = {
        .a = {dout, matrix->outputs, 1}, .b = matrix->weights, .dtype = matrix->dtype,
        .rows = rows, .width = inputs, .depth = matrix->outputs, .scale = scale, .out = dx,
        .accumulate = accumulate, .bf16 = bf16,
    };
    return multiply(context, &job);
}

int32_t LH_NAME(lh_linear_backward_weight)(lh_context *context, const float *dout, const float *x,
                                           int32_t rows, int32_t inputs, int32_t outputs, float *dw,
                                           int32_t bf16) {
    product_job job = {
        .a = {dout, 1, outputs}, .b = x, .dtype = LH_F32, .rows = outputs, .width = inputs,
        .depth = rows, .scale = 1, .out = dw, .accumulate = 1, .bf16 = bf16,
    };
    return multiply(context, &job);
}
