/*
 * Linear layers: out[r, o] = sum_k x[r, k] W[o, k] + bias[o] (+ out[r, o]).
 * Notation: R rows of x, K inputs, N outputs; W [N, K] in bf16, f16 or f32, read where it is mapped.
 *
 * Every output has one order of additions, the 16 lanes of lanes.h, so both paths below give the
 * same bits for a row, and a sequence does not notice its neighbours. The dot-product instructions of
 * AVX512-BF16 and VNNI are not used: they need activations rounded to bf16 or int8, and ours are f32.
 *
 * Streaming, R <= STREAM_ROWS (decode): memory-bound, 2 bytes of weight per 2R flops. One core at
 * 3 GHz has to take in about 3 weights a cycle to saturate 17 GB/s; a row of W with two 8-lane chains
 * (AVX2) takes 4 a cycle, so weights are widened in registers and each thread walks one sequential
 * stream, which these memory controllers like best (four streams cost 10-50 %). With 2 to 8 rows, a
 * tile of 3 rows x 2 outputs shares every load of x and every widened weight; 4 x 1 was faster for 2
 * and 4 rows (45 and 56 ms a step at the 0.5B shape against 45-53 and 56-66) and slower for 8.
 *
 * Blocked, R > STREAM_ROWS (prefill): compute-bound. A task owns OUTPUTS_PER_TASK rows of W and, per
 * BLOCK_ROWS rows of x, walks K in blocks of KB inputs: it widens its rows of W once into an f32 panel
 * (48 * 512 * 4 = 96 KiB, second-level cache) and runs register tiles over it, PANEL_OUTPUTS outputs
 * at a time (24 KiB, first-level cache). A tile handles one native vector of the 16 lanes (lanes are
 * independent, so their order among each other is free); x is loaded into a register by name, since
 * the compiler folds it into every use otherwise: 15 loads for 12 FMAs instead of 7. The 16 partial
 * lanes of every output wait in L2 between K blocks (96 * 48 * 64 = 288 KiB).
 *
 * Tried, at 512 x 4864 x 896 and 512 x 896 x 4864 on two Zen 5 cores, GFLOP/s in one sitting:
 *                              AVX-512      AVX2
 *   4 x 3 tile, 12 outputs    154, 107   150, 111   every 12 outputs read all of x from L3
 *   named loads, 6 x 4 tile   181, 116   148, 108   (4 x 3 on AVX2)
 *   + 24 outputs, 96 rows     192, 139   151, 121
 *   + 48 outputs, 96 rows     194, 141   153, 130
 *   + 48 outputs, 48 rows     176, 130   153, 120
 *   + 72 outputs, 48 rows     108, 100    78,  73   few tasks for two threads
 */
#include "lanes.h"

#define STREAM_ROWS 8
#define STREAM_TILE_ROWS 3
#define STREAM_TILE_OUTPUTS 2
#define STREAM_TASK_BYTES (96 * 1024)
#define PREFETCH_BYTES 1024
#define KB 512
#if W == 16
#define TILE_ROWS 6 /* 32 registers: 24 sums, 4 weights, 1 x */
#define TILE_OUTPUTS 4
#else
#define TILE_ROWS 4 /* 16 registers: 12 sums, 3 weights, 1 x */
#define TILE_OUTPUTS 3
#endif
#define PANEL_OUTPUTS 12
#define OUTPUTS_PER_TASK 48
#define BLOCK_ROWS 96

typedef struct {
    const float *x;
    float *out;
    const lh_matrix *matrices;
    const lh_context *context;
    int32_t rows;
    int32_t inputs;
    int32_t matrix_count;
    int32_t outputs;  /* of all matrices */
    int32_t per_task; /* outputs of one task; a task never straddles matrices */
    int32_t accumulate;
} linear_job;

/* Where the outputs of a task are. */
typedef struct {
    const lh_matrix *matrix;
    int32_t first;  /* in the matrix */
    int32_t count;
    int32_t column; /* of the first one in out */
} linear_slice;

static int64_t tasks_of(const linear_job *job, const lh_matrix *matrix) {
    return (matrix->outputs + job->per_task - 1) / job->per_task;
}

static linear_slice slice_of(const linear_job *job, int64_t task) {
    linear_slice slice = {job->matrices, 0, 0, 0};
    while (task >= tasks_of(job, slice.matrix)) {
        task -= tasks_of(job, slice.matrix);
        slice.column += slice.matrix->outputs;
        slice.matrix++;
    }
    slice.first = (int32_t)task * job->per_task;
    slice.column += slice.first;
    int32_t left = slice.matrix->outputs - slice.first;
    slice.count = left < job->per_task ? left : job->per_task;
    return slice;
}

static void put(const linear_job *job, const linear_slice *slice, int32_t row, int32_t output,
                float sum) {
    float *out = job->out + (int64_t)row * job->outputs + slice->column + output;
    if (slice->matrix->bias != NULL) {
        sum += slice->matrix->bias[slice->first + output];
    }
    *out = job->accumulate ? *out + sum : sum;
}

/* ---- streaming -------------------------------------------------------------------------------- */

/* `outputs` rows of W against `rows` rows of x: all accumulators stay in registers. */
ALWAYS_INLINE void stream_tile(const linear_job *job, const linear_slice *slice, int32_t output,
                               int32_t row, int32_t dtype, int32_t outputs, int32_t rows) {
    int64_t inputs = job->inputs;
    int64_t whole = inputs / LANES * LANES;
    const float *x = job->x + row * inputs;
    const char *w[STREAM_TILE_OUTPUTS];
    vf sums[STREAM_TILE_OUTPUTS][STREAM_TILE_ROWS][NV];
    for (int o = 0; o < outputs; o++) {
        w[o] = (const char *)slice->matrix->weights
               + (slice->first + output + o) * inputs * dtype_bytes(dtype);
        for (int r = 0; r < rows; r++) {
            for (int v = 0; v < NV; v++) {
                sums[o][r][v] = v_zero();
            }
        }
    }
    for (int64_t k = 0; k < whole; k += LANES) {
        for (int o = 0; o < outputs; o++) {
            __builtin_prefetch(w[o] + k * dtype_bytes(dtype) + PREFETCH_BYTES, 0, 0);
        }
        for (int v = 0; v < NV; v++) {
            vf weight[STREAM_TILE_OUTPUTS];
            for (int o = 0; o < outputs; o++) {
                weight[o] = v_widen(w[o], dtype, k + v * W);
            }
            for (int r = 0; r < rows; r++) {
                vf xr = v_load(x + r * inputs + k + v * W);
                for (int o = 0; o < outputs; o++) {
                    sums[o][r][v] = v_fma(xr, weight[o], sums[o][r][v]);
                }
            }
        }
    }
    for (int o = 0; o < outputs; o++) {
        float tail[LANES] = {0};
        for (int64_t k = whole; k < inputs; k++) {
            tail[k - whole] = element_to_f32(w[o], dtype, k);
        }
        for (int r = 0; r < rows; r++) {
            if (whole < inputs) {
                float x_tail[LANES] = {0};
                size_t left = (size_t)(inputs - whole) * sizeof(float);
                memcpy(x_tail, x + r * inputs + whole, left);
                for (int v = 0; v < NV; v++) {
                    sums[o][r][v] =
                        v_fma(v_load(x_tail + v * W), v_load(tail + v * W), sums[o][r][v]);
                }
            }
            put(job, slice, row + r, output + o, lane_sum(sums[o][r]));
        }
    }
}

/* All rows of x against one or two rows of W, which stay in first-level cache meanwhile. */
ALWAYS_INLINE void stream_rows(const linear_job *job, const linear_slice *slice, int32_t output,
                               int32_t dtype, int32_t outputs) {
    int32_t row = 0;
    for (; row + 3 <= job->rows; row += 3) {
        stream_tile(job, slice, output, row, dtype, outputs, 3);
    }
    if (job->rows - row == 2) {
        stream_tile(job, slice, output, row, dtype, outputs, 2);
    } else if (job->rows - row == 1) {
        stream_tile(job, slice, output, row, dtype, outputs, 1);
    }
}

ALWAYS_INLINE void stream_slice(const linear_job *job, const linear_slice *slice, int32_t dtype) {
    int32_t output = 0;
    if (job->rows > 1) {
        for (; output + 2 <= slice->count; output += 2) {
            stream_rows(job, slice, output, dtype, 2);
        }
    }
    for (; output < slice->count; output++) {
        stream_rows(job, slice, output, dtype, 1);
    }
}

static void stream_task(void *argument, int64_t index, int32_t thread) {
    const linear_job *job = argument;
    linear_slice slice = slice_of(job, index);
    (void)thread;
    switch (slice.matrix->dtype) {
        case LH_BF16: stream_slice(job, &slice, LH_BF16); break;
        case LH_F16: stream_slice(job, &slice, LH_F16); break;
        default: stream_slice(job, &slice, LH_F32); break;
    }
}

/* ---- blocked ---------------------------------------------------------------------------------- */

/* The scratch of one thread. */
typedef struct {
    float panel[OUTPUTS_PER_TASK][KB];
    float x_tail[BLOCK_ROWS][LANES];
    float lanes[BLOCK_ROWS][OUTPUTS_PER_TASK][LANES];
} linear_scratch;

ALWAYS_INLINE void widen_panel(const linear_job *job, const linear_slice *slice, int32_t dtype,
                               int64_t k0, int64_t width, linear_scratch *scratch) {
    for (int32_t o = 0; o < slice->count; o++) {
        const char *w = (const char *)slice->matrix->weights
                        + ((slice->first + o) * (int64_t)job->inputs + k0) * dtype_bytes(dtype);
        float *to = scratch->panel[o];
        int64_t k = 0;
        for (; k + W <= width; k += W) {
            v_store(to + k, v_widen(w, dtype, k));
        }
        for (; k < width; k++) {
            to[k] = element_to_f32(w, dtype, k);
        }
        for (; k % LANES != 0; k++) {
            to[k] = 0;
        }
    }
}

/* Adds one K block to one native vector of the lanes of a tile. */
ALWAYS_INLINE void tile(const float *const *x, const float (*panel)[KB], int64_t steps, int32_t v,
                        float (*lanes)[OUTPUTS_PER_TASK][LANES], int32_t rows, int32_t outputs) {
    vf sums[TILE_ROWS][TILE_OUTPUTS];
    for (int r = 0; r < rows; r++) {
        for (int o = 0; o < outputs; o++) {
            sums[r][o] = v_load(lanes[r][o] + v * W);
        }
    }
    for (int64_t k = v * W; k < steps * LANES; k += LANES) {
        vf w[TILE_OUTPUTS];
        for (int o = 0; o < outputs; o++) {
            w[o] = v_load(panel[o] + k);
        }
        for (int r = 0; r < rows; r++) {
            vf xr = v_load_once(x[r] + k);
            for (int o = 0; o < outputs; o++) {
                sums[r][o] = v_fma(xr, w[o], sums[r][o]);
            }
        }
    }
    for (int r = 0; r < rows; r++) {
        for (int o = 0; o < outputs; o++) {
            v_store(lanes[r][o] + v * W, sums[r][o]);
        }
    }
}

/* One tile of `rows` rows with as many outputs as are left, whole tiles or one by one. */
ALWAYS_INLINE void tile_outputs(const float *const *x, const float (*panel)[KB], int64_t steps,
                                float (*lanes)[OUTPUTS_PER_TASK][LANES], int32_t rows,
                                int32_t outputs) {
    for (int32_t v = 0; v < NV; v++) {
        if (outputs == TILE_OUTPUTS) {
            tile(x, panel, steps, v, lanes, rows, TILE_OUTPUTS);
        } else {
            tile(x, panel, steps, v, lanes, rows, 1);
        }
    }
}

static void tile_rows(const float *const *x, const float (*panel)[KB], int64_t steps,
                      float (*lanes)[OUTPUTS_PER_TASK][LANES], int32_t rows, int32_t outputs) {
    switch (rows) {
        case TILE_ROWS: tile_outputs(x, panel, steps, lanes, TILE_ROWS, outputs); break;
        case TILE_ROWS / 2: tile_outputs(x, panel, steps, lanes, TILE_ROWS / 2, outputs); break;
        default: tile_outputs(x, panel, steps, lanes, 1, outputs); break;
    }
}

static int32_t least(int32_t a, int32_t b) { return a < b ? a : b; }

/* The size of the next tile of what is left: whole, half (of rows) or one. */
static int32_t tile_height(int32_t left) {
    return left >= TILE_ROWS ? TILE_ROWS : left >= TILE_ROWS / 2 ? TILE_ROWS / 2 : 1;
}

static int32_t tile_width(int32_t left) { return left >= TILE_OUTPUTS ? TILE_OUTPUTS : 1; }

/* All tiles of one block of rows and one block of inputs, `steps` groups of 16 from x_at on. */
static void block_tiles(const linear_slice *slice, linear_scratch *scratch, const float *x_at,
                        int64_t stride, int32_t rows, const float (*panel)[KB], int64_t steps) {
    for (int32_t first = 0; first < slice->count; first += PANEL_OUTPUTS) {
        int32_t end = least(first + PANEL_OUTPUTS, slice->count);
        for (int32_t r = 0, height; r < rows; r += height) {
            height = tile_height(rows - r);
            const float *x[TILE_ROWS];
            for (int32_t i = 0; i < height; i++) {
                x[i] = x_at + (r + i) * stride;
            }
            for (int32_t o = first, width; o < end; o += width) {
                width = tile_width(end - o);
                float(*lanes)[OUTPUTS_PER_TASK][LANES] =
                    (float(*)[OUTPUTS_PER_TASK][LANES])scratch->lanes[r][o];
                tile_rows(x, panel + o, steps, lanes, height, width);
            }
        }
    }
}

static void block_rows(const linear_job *job, const linear_slice *slice, linear_scratch *scratch,
                       int32_t first_row) {
    int64_t inputs = job->inputs;
    int32_t rows = least(BLOCK_ROWS, job->rows - first_row);
    const float *x = job->x + first_row * inputs;
    memset(scratch->lanes, 0, (size_t)rows * sizeof scratch->lanes[0]);
    for (int64_t k0 = 0; k0 < inputs; k0 += KB) {
        int64_t width = inputs - k0 < KB ? inputs - k0 : KB;
        int64_t whole = width / LANES;
        switch (slice->matrix->dtype) {
            case LH_BF16: widen_panel(job, slice, LH_BF16, k0, width, scratch); break;
            case LH_F16: widen_panel(job, slice, LH_F16, k0, width, scratch); break;
            default: widen_panel(job, slice, LH_F32, k0, width, scratch); break;
        }
        block_tiles(slice, scratch, x + k0, inputs, rows, scratch->panel, whole);
        if (whole * LANES < width) {
            int64_t left = width - whole * LANES;
            memset(scratch->x_tail, 0, (size_t)rows * sizeof scratch->x_tail[0]);
            for (int32_t r = 0; r < rows; r++) {
                memcpy(scratch->x_tail[r], x + r * inputs + k0 + whole * LANES,
                       (size_t)left * sizeof(float));
            }
            const float(*panel)[KB] =
                (const float(*)[KB])(scratch->panel[0] + whole * LANES);
            block_tiles(slice, scratch, scratch->x_tail[0], LANES, rows, panel, 1);
        }
    }
    for (int32_t r = 0; r < rows; r++) {
        for (int32_t o = 0; o < slice->count; o++) {
            vf lanes[NV];
            for (int v = 0; v < NV; v++) {
                lanes[v] = v_load(scratch->lanes[r][o] + v * W);
            }
            put(job, slice, first_row + r, o, lane_sum(lanes));
        }
    }
}

static void block_task(void *argument, int64_t index, int32_t thread) {
    const linear_job *job = argument;
    linear_slice slice = slice_of(job, index);
    linear_scratch *scratch = lh_scratch_of(job->context, thread);
    for (int32_t row = 0; row < job->rows; row += BLOCK_ROWS) {
        block_rows(job, &slice, scratch, row);
    }
}

int32_t LH_NAME(lh_linear)(lh_context *context, const float *x, int32_t rows, int32_t inputs,
                           const lh_matrix *matrices, int32_t matrix_count, float *out,
                           int32_t accumulate) {
    linear_job job = {.x = x, .out = out, .matrices = matrices, .context = context, .rows = rows,
                      .inputs = inputs, .matrix_count = matrix_count, .accumulate = accumulate};
    for (int32_t m = 0; m < matrix_count; m++) {
        job.outputs += matrices[m].outputs;
    }
    int streaming = rows <= STREAM_ROWS;
    job.per_task = OUTPUTS_PER_TASK;
    if (streaming) {
        int64_t row_bytes = inputs * dtype_bytes(matrices[0].dtype);
        job.per_task = (int32_t)(STREAM_TASK_BYTES / row_bytes);
        job.per_task = job.per_task < 1 ? 1 : job.per_task;
    } else {
        int32_t status = lh_scratch(context, sizeof(linear_scratch));
        if (status != LH_OK) {
            return status;
        }
    }
    int64_t tasks = 0;
    for (int32_t m = 0; m < matrix_count; m++) {
        tasks += tasks_of(&job, &matrices[m]);
    }
    lh_pool_run(context->pool, streaming ? stream_task : block_task, &job, tasks);
    return LH_OK;
}
