/* Many rows of x rounded to 16 bits times quantised weights, over panels: see linear_quantized.h. */
#ifndef LH_LINEAR_PANELS_H
#define LH_LINEAR_PANELS_H

#include "linear_block.h"
#include "linear_quantized.h"

#define QUANTIZED_BLOCK_GROUPS 16 /* of a panel: 16 KiB a tile */
#if W == 16
#define PANEL_ROWS 8 /* rows of a register tile, with 16 outputs: 8 of 32 registers */
#elif W == 8
#define PANEL_ROWS 6 /* 12 of 16 */
#else
#define PANEL_ROWS 2 /* 8 of 16 */
#endif
#define TASK_TILES (OUTPUTS_PER_TASK / TILE)

/* How the scales of a panel apply. */
enum panel_kind {
    WHOLE,  /* to 32 inputs */
    HALVED, /* to 16, and the others to the next 16 */
    RAISED  /* to 32, and minima are added */
};

ALWAYS_INLINE enum panel_kind panel_kind_of(int32_t dtype) {
    return parts_of(dtype) == 2 ? HALVED : has_minima(dtype) ? RAISED : WHOLE;
}

/* 16 rows of weights as integers: u - zero. */
typedef struct {
    int16_t weights[QUANTIZED_BLOCK_GROUPS][GROUP / 2][2 * TILE];
    float scales[QUANTIZED_BLOCK_GROUPS][TILE];
    float others[QUANTIZED_BLOCK_GROUPS][TILE]; /* scales of the second half, or minima */
} quantized_panel;

/* The scratch of one thread: the dense scratch, for adapters, and panels. */
typedef struct {
    linear_scratch dense;
    quantized_panel panels[TASK_TILES];
    float sums[BLOCK_ROWS][OUTPUTS_PER_TASK];
} quantized_scratch;

/* Unpacks group g of a tile to group i of a panel. */
ALWAYS_INLINE void unpack_group(const char *tile, int32_t dtype, int64_t g, quantized_panel *panel,
                                int64_t i) {
    int32_t bits = bits_of(dtype);
    for (int v = 0; v < NV; v++) {
        v_store(panel->scales[i] + v * W, v_scales(tile, dtype, g, 0, v));
        if (panel_kind_of(dtype) == HALVED) {
            v_store(panel->others[i] + v * W, v_scales(tile, dtype, g, 1, v));
        } else if (panel_kind_of(dtype) == RAISED) {
            v_store(panel->others[i] + v * W, v_minima(tile, dtype, g, v));
        }
        vi32 zeros = has_zeros(dtype)    ? v_zeros(tile, dtype, g, v)
                     : has_minima(dtype) ? (vi32){0}
                                         : (vi32){0} + middle_of(dtype);
        vu16 zero = (vu16)((zeros & 0xffff) | zeros << 16);
        const char *chunk = chunks_of(tile, dtype, g) + 4 * v * W;
        for (int p = 0; p < GROUP / 2; p += 16 / bits) {
            vu16 words = v_load16(chunk);
            for (int j = 0; j < 16 / bits; j++) {
                vu16 weights = unpacked(words, bits, j) - zero;
                *(vu16_unaligned *)(panel->weights[i][p + j] + 2 * v * W) = weights;
            }
            chunk += CHUNK_BYTES;
        }
    }
}

static void unpack_panel(const char *tile, int32_t dtype, int64_t g, int64_t groups,
                         quantized_panel *panel) {
#define UNPACK_CASE(format, ...)                                                                   \
    case format: unpack_group(tile, format, g + i, panel, i); break;
    for (int64_t i = 0; i < groups; i++) {
        switch (dtype) { QUANTIZED_FORMATS(UNPACK_CASE) }
    }
#undef UNPACK_CASE
}

/* Adds integers times scales to the sums of `rows` rows and 16 outputs. */
ALWAYS_INLINE void add_scaled(const float *x_scales, int64_t groups, const float *scales,
                              vi32 (*integers)[NV], float (*sums)[OUTPUTS_PER_TASK],
                              int32_t rows) {
    for (int r = 0; r < rows; r++) {
        vf scale = v_set1(x_scales[r * groups]);
        for (int v = 0; v < NV; v++) {
            float *sum = sums[r] + v * W;
            vf product = v_load(scales + v * W) * scale;
            v_store(sum, v_fma(v_float(integers[r][v]), product, v_load(sum)));
        }
    }
}

/* Continues the sums of `rows` rows and 16 outputs with the groups of a panel, which begin at g in x. */
ALWAYS_INLINE void panel_tile(const rounded_x *x, int64_t row, int64_t g, int64_t groups,
                              const quantized_panel *panel, float (*sums)[OUTPUTS_PER_TASK],
                              int32_t rows, enum panel_kind kind) {
    int parts = kind == HALVED ? 2 : 1;
    for (int64_t i = 0; i < groups; i++) {
        int64_t at = row * x->groups + g + i;
        const int16_t *xs = x->x + at * GROUP;
        for (int part = 0; part < parts; part++) {
            vi32 integers[PANEL_ROWS][NV];
            for (int r = 0; r < rows; r++) {
                for (int v = 0; v < NV; v++) {
                    integers[r][v] = (vi32){0};
                }
            }
            int end = (part + 1) * GROUP / 2 / parts;
            for (int p = part * GROUP / 2 / parts; p < end; p++) {
                vu16 weights[NV];
                for (int v = 0; v < NV; v++) {
                    weights[v] = v_load16(panel->weights[i][p] + 2 * v * W);
                }
                for (int r = 0; r < rows; r++) {
                    vu16 pair = v_pair(xs + r * x->groups * GROUP + 2 * p);
                    for (int v = 0; v < NV; v++) {
                        integers[r][v] = v_add_dot2(integers[r][v], weights[v], pair);
                    }
                }
            }
            const float *scales = part == 0 ? panel->scales[i] : panel->others[i];
            add_scaled(x->scales + at, x->groups, scales, integers, sums, rows);
        }
        if (kind == RAISED) {
            vi32 integers[PANEL_ROWS][NV];
            for (int r = 0; r < rows; r++) {
                for (int v = 0; v < NV; v++) {
                    integers[r][v] = (vi32){0} + sum_of(x, row + r, g + i, 0, 1);
                }
            }
            add_scaled(x->scales + at, x->groups, panel->others[i], integers, sums, rows);
        }
    }
}

ALWAYS_INLINE void panel_rows_as(const rounded_x *x, int64_t row, int64_t g, int64_t groups,
                                 const quantized_panel *panel, float (*sums)[OUTPUTS_PER_TASK],
                                 int32_t rows, enum panel_kind kind) {
    int32_t r = 0;
    for (; r + PANEL_ROWS <= rows; r += PANEL_ROWS) {
        panel_tile(x, row + r, g, groups, panel, sums + r, PANEL_ROWS, kind);
    }
    for (; r + 2 <= rows; r += 2) {
        panel_tile(x, row + r, g, groups, panel, sums + r, 2, kind);
    }
    if (r < rows) {
        panel_tile(x, row + r, g, groups, panel, sums + r, 1, kind);
    }
}

static void panel_rows(const rounded_x *x, int64_t row, int64_t g, int64_t groups,
                       const quantized_panel *panel, float (*sums)[OUTPUTS_PER_TASK],
                       int32_t rows, enum panel_kind kind) {
    switch (kind) {
        case WHOLE: panel_rows_as(x, row, g, groups, panel, sums, rows, WHOLE); break;
        case HALVED: panel_rows_as(x, row, g, groups, panel, sums, rows, HALVED); break;
        case RAISED: panel_rows_as(x, row, g, groups, panel, sums, rows, RAISED); break;
    }
}

/* Adds B t to the sums of the rows that have an adapter. */
static void add_changes(const linear_job *job, const linear_slice *slice,
                        quantized_scratch *scratch, int32_t first_row, int32_t rows) {
    for (int32_t i = 0; i < job->adapted_count; i++) {
        block_change change = block_change_of(job, slice, i, first_row, rows);
        for (int32_t r = change.begin; r < change.end; r++) {
            memset(scratch->dense.lanes[r], 0, sizeof scratch->dense.lanes[r]);
        }
        extend_rows(job, slice, &scratch->dense, &change);
        for (int32_t r = change.begin; r < change.end; r++) {
            for (int32_t o = 0; o < slice->count; o++) {
                scratch->sums[r][o] += stored_lane_sum(scratch->dense.lanes[r][o]);
            }
        }
    }
}

static void block_quantized_rows(const linear_job *job, const linear_slice *slice,
                                 quantized_scratch *scratch, int32_t first_row) {
    const rounded_x *x = &job->rounded;
    int32_t dtype = slice->matrix->dtype;
    int32_t rows = least(BLOCK_ROWS, job->rows - first_row);
    int64_t bytes = tile_bytes(dtype, job->inputs);
    memset(scratch->sums, 0, (size_t)rows * sizeof scratch->sums[0]);
    for (int64_t g = 0; g < x->groups; g += QUANTIZED_BLOCK_GROUPS) {
        int64_t left = x->groups - g;
        int64_t groups = left < QUANTIZED_BLOCK_GROUPS ? left : QUANTIZED_BLOCK_GROUPS;
        for (int32_t t = 0; t * TILE < slice->count; t++) {
            const char *tile =
                (const char *)slice->matrix->weights + (slice->first / TILE + t) * bytes;
            unpack_panel(tile, dtype, g, groups, &scratch->panels[t]);
            float(*sums)[OUTPUTS_PER_TASK] =
                (float(*)[OUTPUTS_PER_TASK])(scratch->sums[0] + t * TILE);
            panel_rows(x, first_row, g, groups, &scratch->panels[t], sums, rows,
                       panel_kind_of(dtype));
        }
    }
    add_changes(job, slice, scratch, first_row, rows);
    for (int32_t r = 0; r < rows; r++) {
        for (int32_t o = 0; o < slice->count; o += TILE) {
            put_tile(job, slice, first_row + r, o, scratch->sums[r] + o);
        }
    }
}

static void block_quantized_task(const linear_job *job, const linear_slice *slice, int32_t thread) {
    quantized_scratch *scratch = lh_scratch_of(job->context, thread);
    for (int32_t row = 0; row < job->rows; row += BLOCK_ROWS) {
        block_quantized_rows(job, slice, scratch, row);
    }
}

#endif
