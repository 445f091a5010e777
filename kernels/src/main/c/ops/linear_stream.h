/* Few rows of x: each row of W is read once, see linear.c. */
#ifndef LH_LINEAR_STREAM_H
#define LH_LINEAR_STREAM_H

#include "linear_job.h"

#define STREAM_ROWS 8
#define STREAM_TILE_ROWS 3
#define STREAM_TILE_OUTPUTS 2
#define STREAM_TASK_BYTES (96 * 1024)
#define PREFETCH_BYTES 1024
#define PREFETCH_TILE_BYTES 8192

/* The low-rank change to a matrix for each of few rows, if any. */
typedef struct {
    low_rank change[STREAM_ROWS];
    int32_t any;
} stream_changes;

static stream_changes changes_of(const linear_job *job, const linear_slice *slice) {
    stream_changes changes = {.any = 0};
    for (int32_t i = 0; i < job->adapted_count; i++) {
        const lora_rows *adapted = &job->adapted[i];
        low_rank change = low_rank_of(adapted, slice->index);
        for (int32_t r = 0; r < adapted->lora->rows && change.rank > 0; r++) {
            changes.change[adapted->lora->first_row + r] = change;
            changes.any = 1;
            change.t += adapted->stride;
        }
    }
    return changes;
}

/* Continues the dot product of an output with B[output, :] times t. */
ALWAYS_INLINE void extend(const low_rank *change, int64_t output, int32_t dtype, vf *sums) {
    int64_t rank = change->rank;
    int64_t whole = rank / LANES * LANES;
    const char *b = (const char *)change->b->weights + output * rank * dtype_bytes(dtype);
    for (int64_t k = 0; k < whole; k += LANES) {
        for (int v = 0; v < NV; v++) {
            sums[v] = v_fma(v_load(change->t + k + v * W), v_widen(b, dtype, k + v * W), sums[v]);
        }
    }
    if (whole < rank) {
        float tail[LANES] = {0};
        for (int64_t k = whole; k < rank; k++) {
            tail[k - whole] = element_to_f32(b, dtype, k);
        }
        for (int v = 0; v < NV; v++) {
            sums[v] = v_fma(v_load(change->t + whole + v * W), v_load(tail + v * W), sums[v]);
        }
    }
}

ALWAYS_INLINE void extend_any(const low_rank *change, int64_t output, vf *sums) {
    switch (change->b->dtype) {
        case LH_BF16: extend(change, output, LH_BF16, sums); break;
        case LH_F16: extend(change, output, LH_F16, sums); break;
        default: extend(change, output, LH_F32, sums); break;
    }
}

/* The address that a tile prefetches while it reads input k of its row o: ahead[o] + k * step. */
typedef struct {
    const char *ahead[STREAM_TILE_OUTPUTS];
    int64_t step;
} stream_prefetch;

/*
 * A long row prefetches along itself. Rows of 8 KiB and less together end before that pays off, and the
 * next tile would begin uncached: so they prefetch the next tile instead, in the order of memory.
 */
ALWAYS_INLINE stream_prefetch prefetch_of(const char *const *w, int64_t inputs, int32_t dtype,
                                          int32_t outputs) {
    int64_t element = dtype_bytes(dtype);
    int64_t tile = outputs * inputs * element;
    int whole_tile = outputs > 1 && tile <= PREFETCH_TILE_BYTES;
    stream_prefetch prefetch = {.step = whole_tile ? outputs * element : element};
    for (int o = 0; o < outputs; o++) {
        prefetch.ahead[o] = whole_tile ? w[0] + tile + o * LANES * element : w[o] + PREFETCH_BYTES;
    }
    return prefetch;
}

/* Adds the inputs of a tile up to the last multiple of 16. */
ALWAYS_INLINE void stream_whole(const char *const *w, const float *x, int64_t inputs, int32_t dtype,
                                int32_t outputs, int32_t rows,
                                vf (*sums)[STREAM_TILE_ROWS][NV]) {
    stream_prefetch prefetch = prefetch_of(w, inputs, dtype, outputs);
    for (int64_t k = 0; k + LANES <= inputs; k += LANES) {
        for (int o = 0; o < outputs; o++) {
            __builtin_prefetch(prefetch.ahead[o] + k * prefetch.step, 0, 0);
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
}

/* Adds the inputs after the last multiple of 16 to one sum, padded with zeros. */
ALWAYS_INLINE void stream_tail(const char *w, const float *x, int64_t inputs, int32_t dtype,
                               vf *sums) {
    int64_t whole = inputs / LANES * LANES;
    if (whole == inputs) {
        return;
    }
    float w_tail[LANES] = {0};
    float x_tail[LANES] = {0};
    for (int64_t k = whole; k < inputs; k++) {
        w_tail[k - whole] = element_to_f32(w, dtype, k);
        x_tail[k - whole] = x[k];
    }
    for (int v = 0; v < NV; v++) {
        sums[v] = v_fma(v_load(x_tail + v * W), v_load(w_tail + v * W), sums[v]);
    }
}

/* `outputs` rows of W against `rows` rows of x: all accumulators stay in registers. */
ALWAYS_INLINE void stream_tile(const linear_job *job, const linear_slice *slice,
                               const stream_changes *changes, int32_t output, int32_t row,
                               int32_t dtype, int32_t outputs, int32_t rows) {
    int64_t inputs = job->inputs;
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
    stream_whole(w, x, inputs, dtype, outputs, rows, sums);
    for (int o = 0; o < outputs; o++) {
        for (int r = 0; r < rows; r++) {
            stream_tail(w[o], x + r * inputs, inputs, dtype, sums[o][r]);
            if (changes->any && changes->change[row + r].rank > 0) {
                await_shrinks(job);
                extend_any(&changes->change[row + r], slice->first + output + o, sums[o][r]);
            }
            put(job, slice, row + r, output + o, lane_sum(sums[o][r]));
        }
    }
}

/* All rows of x against one or two rows of W, which stay in first-level cache meanwhile. */
ALWAYS_INLINE void stream_rows(const linear_job *job, const linear_slice *slice,
                               const stream_changes *changes, int32_t output, int32_t dtype,
                               int32_t outputs) {
    int32_t row = 0;
    for (; row + 3 <= job->rows; row += 3) {
        stream_tile(job, slice, changes, output, row, dtype, outputs, 3);
    }
    if (job->rows - row == 2) {
        stream_tile(job, slice, changes, output, row, dtype, outputs, 2);
    } else if (job->rows - row == 1) {
        stream_tile(job, slice, changes, output, row, dtype, outputs, 1);
    }
}

ALWAYS_INLINE void stream_slice(const linear_job *job, const linear_slice *slice, int32_t dtype) {
    stream_changes changes = changes_of(job, slice);
    int32_t output = 0;
    if (job->rows > 1) {
        for (; output + 2 <= slice->count; output += 2) {
            stream_rows(job, slice, &changes, output, dtype, 2);
        }
    }
    for (; output < slice->count; output++) {
        stream_rows(job, slice, &changes, output, dtype, 1);
    }
}

static void stream_task(const linear_job *job, const linear_slice *slice) {
    switch (slice->matrix->dtype) {
        case LH_BF16: stream_slice(job, slice, LH_BF16); break;
        case LH_F16: stream_slice(job, slice, LH_F16); break;
        default: stream_slice(job, slice, LH_F32); break;
    }
}

#endif
