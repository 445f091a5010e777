/* Shared by the two paths of linear.c: the job, a task's slice of it, and the output of sums. */
#ifndef LH_LINEAR_JOB_H
#define LH_LINEAR_JOB_H

#include "rounded_x.h"

/* The first half of the low-rank changes of a call: t = scale A x for every row of an adapter. */
typedef struct {
    int64_t tasks;
    _Atomic int64_t done;
} lora_shrinks;

/* One adapter's rows of a call. */
typedef struct {
    const lh_lora *lora;
    const float *t; /* [rows, stride]: all matrices' ranks, each zero-padded to 16 */
    int32_t stride;
} lora_rows;

typedef struct {
    const float *x;
    float *out;
    const lh_matrix *matrices;
    const lh_context *context;
    const float *scales;      /* of each matrix's outputs; null: 1 */
    const lora_rows *adapted; /* in ascending order of rows */
    lora_shrinks *shrinks;
    rounded_x rounded; /* x, if a matrix is quantised */
    int32_t adapted_count;
    int32_t rows;
    int32_t inputs;
    int32_t matrix_count;
    int32_t out_align; /* outputs of a matrix begin at multiples of it */
    int32_t out_width; /* of all matrices */
    int32_t per_task;  /* outputs of one task; a task never straddles matrices */
    int32_t accumulate;
} linear_job;

/* The outputs of a task. */
typedef struct {
    const lh_matrix *matrix;
    int32_t index;  /* of the matrix in its group */
    int32_t first;  /* in the matrix */
    int32_t count;
    int32_t column; /* of the first one in out */
} linear_slice;

/* A change to one matrix for one adapter's rows. */
typedef struct {
    const lh_matrix *b; /* [outputs, rank] */
    const float *t;     /* of the adapter's first row */
    int32_t rank;       /* 0: no change */
} low_rank;

static inline int32_t least(int32_t a, int32_t b) { return a < b ? a : b; }

static inline int32_t aligned(int32_t count, int32_t align) {
    return (count + align - 1) / align * align;
}

static inline int64_t tasks_of(const linear_job *job, const lh_matrix *matrix) {
    return (matrix->outputs + job->per_task - 1) / job->per_task;
}

static inline int64_t all_tasks_of(const linear_job *job) {
    int64_t tasks = 0;
    for (int32_t m = 0; m < job->matrix_count; m++) {
        tasks += tasks_of(job, &job->matrices[m]);
    }
    return tasks;
}

static inline linear_slice slice_of(const linear_job *job, int64_t task) {
    linear_slice slice = {.matrix = job->matrices};
    while (task >= tasks_of(job, slice.matrix)) {
        task -= tasks_of(job, slice.matrix);
        slice.column += aligned(slice.matrix->outputs, job->out_align);
        slice.matrix++;
        slice.index++;
    }
    slice.first = (int32_t)task * job->per_task;
    slice.column += slice.first;
    slice.count = least(slice.matrix->outputs - slice.first, job->per_task);
    return slice;
}

static inline low_rank low_rank_of(const lora_rows *adapted, int32_t matrix) {
    const lh_lora *lora = adapted->lora;
    low_rank change = {&lora->b[matrix], adapted->t, lora->a[matrix].outputs};
    for (int32_t m = 0; m < matrix; m++) {
        change.t += aligned(lora->a[m].outputs, LANES);
    }
    return change;
}

/* Waits until every t is complete. Their tasks begin before all others, so other threads run them. */
static inline void await_shrinks(const linear_job *job) {
    if (atomic_load_explicit(&job->shrinks->done, memory_order_acquire) < job->shrinks->tasks) {
        lh_await(&job->shrinks->done, job->shrinks->tasks);
    }
}

static inline void put(const linear_job *job, const linear_slice *slice, int32_t row,
                       int32_t output, float sum) {
    float *out = job->out + (int64_t)row * job->out_width + slice->column + output;
    if (slice->matrix->bias != NULL) {
        sum += slice->matrix->bias[slice->first + output];
    }
    if (job->scales != NULL) {
        sum *= job->scales[slice->index];
    }
    *out = job->accumulate ? *out + sum : sum;
}

#endif
