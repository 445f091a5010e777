/* Many rows of x: W is widened into panels, see linear.c. */
#ifndef LH_LINEAR_BLOCK_H
#define LH_LINEAR_BLOCK_H

#include "linear_job.h"

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

/* The scratch of one thread. */
typedef struct {
    float panel[OUTPUTS_PER_TASK][KB];
    float x_tail[BLOCK_ROWS][LANES];
    float lanes[BLOCK_ROWS][OUTPUTS_PER_TASK][LANES];
} linear_scratch;

/* Widens columns k0 to k0 + width of the slice's rows of a matrix; k0 is a multiple of KB. */
ALWAYS_INLINE void widen_as(const linear_slice *slice, const lh_matrix *matrix, int64_t inputs,
                            int32_t dtype, int64_t k0, int64_t width, linear_scratch *scratch) {
    for (int32_t o = 0; o < slice->count; o++) {
        const char *w = (const char *)matrix->weights
                        + ((slice->first + o) * inputs + k0) * dtype_bytes(dtype);
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

static void widen_panel(const linear_slice *slice, const lh_matrix *matrix, int64_t inputs,
                        int64_t k0, int64_t width, linear_scratch *scratch) {
    switch (matrix->dtype) {
        case LH_BF16: widen_as(slice, matrix, inputs, LH_BF16, k0, width, scratch); break;
        case LH_F16: widen_as(slice, matrix, inputs, LH_F16, k0, width, scratch); break;
        default: widen_as(slice, matrix, inputs, LH_F32, k0, width, scratch); break;
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

/* One tile of `rows` rows and TILE_OUTPUTS outputs, or one output. */
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

/* The size of the next tile: whole, half (rows only), or one. */
static int32_t tile_height(int32_t left) {
    return left >= TILE_ROWS ? TILE_ROWS : left >= TILE_ROWS / 2 ? TILE_ROWS / 2 : 1;
}

static int32_t tile_width(int32_t left) { return left >= TILE_OUTPUTS ? TILE_OUTPUTS : 1; }

/*
 * Computes all tiles of one block of inputs (`steps` groups of 16) and `rows` rows, which begin at
 * first_row in the block and at x_at in x.
 */
static void block_tiles(const linear_slice *slice, linear_scratch *scratch, int32_t first_row,
                        const float *x_at, int64_t stride, int32_t rows, const float (*panel)[KB],
                        int64_t steps) {
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
                    (float(*)[OUTPUTS_PER_TASK][LANES])scratch->lanes[first_row + r][o];
                tile_rows(x, panel + o, steps, lanes, height, width);
            }
        }
    }
}

/* The rows of a block that an adapter changes, counted from the block's first; none if begin >= end. */
typedef struct {
    low_rank change;
    const float *t; /* of row begin */
    int64_t stride;
    int32_t begin;
    int32_t end;
} block_change;

static block_change block_change_of(const linear_job *job, const linear_slice *slice, int32_t adapted,
                                    int32_t first_row, int32_t rows) {
    const lora_rows *changed = &job->adapted[adapted];
    block_change change = {.change = low_rank_of(changed, slice->index), .stride = changed->stride};
    int32_t first = changed->lora->first_row - first_row;
    change.begin = first > 0 ? first : 0;
    change.end = change.change.rank == 0 ? 0 : least(first + changed->lora->rows, rows);
    change.t = change.change.t + (change.begin - first) * change.stride;
    return change;
}

/* Continues the dot products of an adapter's rows with B times t. */
static void extend_rows(const linear_job *job, const linear_slice *slice, linear_scratch *scratch,
                        const block_change *change) {
    if (change->begin >= change->end) {
        return;
    }
    await_shrinks(job);
    int32_t rank = change->change.rank;
    for (int32_t k0 = 0; k0 < rank; k0 += KB) {
        int32_t width = least(rank - k0, KB);
        widen_panel(slice, change->change.b, rank, k0, width, scratch);
        block_tiles(slice, scratch, change->begin, change->t + k0, change->stride,
                    change->end - change->begin, scratch->panel, aligned(width, LANES) / LANES);
    }
}

/* The sum of lanes in memory. */
static float stored_lane_sum(const float *lanes) {
    vf loaded[NV];
    for (int v = 0; v < NV; v++) {
        loaded[v] = v_load(lanes + v * W);
    }
    return lane_sum(loaded);
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
        widen_panel(slice, slice->matrix, inputs, k0, width, scratch);
        block_tiles(slice, scratch, 0, x + k0, inputs, rows, scratch->panel, whole);
        if (whole * LANES < width) {
            int64_t left = width - whole * LANES;
            memset(scratch->x_tail, 0, (size_t)rows * sizeof scratch->x_tail[0]);
            for (int32_t r = 0; r < rows; r++) {
                memcpy(scratch->x_tail[r], x + r * inputs + k0 + whole * LANES,
                       (size_t)left * sizeof(float));
            }
            const float(*panel)[KB] =
                (const float(*)[KB])(scratch->panel[0] + whole * LANES);
            block_tiles(slice, scratch, 0, scratch->x_tail[0], LANES, rows, panel, 1);
        }
    }
    for (int32_t i = 0; i < job->adapted_count; i++) {
        block_change change = block_change_of(job, slice, i, first_row, rows);
        extend_rows(job, slice, scratch, &change);
    }
    for (int32_t r = 0; r < rows; r++) {
        for (int32_t o = 0; o < slice->count; o++) {
            put(job, slice, first_row + r, o, stored_lane_sum(scratch->lanes[r][o]));
        }
    }
}

static void block_task(const linear_job *job, const linear_slice *slice, int32_t thread) {
    linear_scratch *scratch = lh_scratch_of(job->context, thread);
    for (int32_t row = 0; row < job->rows; row += BLOCK_ROWS) {
        block_rows(job, slice, scratch, row);
    }
}

#endif
