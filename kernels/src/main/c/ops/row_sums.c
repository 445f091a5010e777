/*
 * Sums over the rows of a sequence: the gradients of biases and of embeddings. A task has a few columns and
 * takes the rows in ascending order, those of a bias in parts of PART rows.
 */
#include "lanes.h"

#define PART 256
#define COLUMNS 64

typedef struct {
    const float *dout;
    const int32_t *ids;
    float *out;
    int64_t rows, width;
    float scale; /* of an embedding's gradient */
} sum_job;

static void bias_columns(void *argument, int64_t index, int32_t thread) {
    const sum_job *job = argument;
    int64_t first = index * COLUMNS;
    int64_t count = job->width - first < COLUMNS ? job->width - first : COLUMNS;
    (void)thread;
    for (int64_t begin = 0; begin < job->rows; begin += PART) {
        int64_t end = begin + PART < job->rows ? begin + PART : job->rows;
        float sums[COLUMNS] = {0};
        for (int64_t row = begin; row < end; row++) {
            for (int64_t i = 0; i < count; i++) {
                sums[i] += job->dout[row * job->width + first + i];
            }
        }
        for (int64_t i = 0; i < count; i++) {
            job->out[first + i] += sums[i];
        }
    }
}

static void embedding_columns(void *argument, int64_t index, int32_t thread) {
    const sum_job *job = argument;
    int64_t first = index * COLUMNS;
    int64_t count = job->width - first < COLUMNS ? job->width - first : COLUMNS;
    float scale = job->scale;
    (void)thread;
    for (int64_t row = 0; row < job->rows; row++) {
        float *out = job->out + job->ids[row] * job->width + first;
        for (int64_t i = 0; i < count; i++) {
            out[i] += scale * job->dout[row * job->width + first + i];
        }
    }
}

int32_t LH_NAME(lh_bias_backward)(lh_context *context, const float *dout, int32_t rows, int32_t width,
                                  float *dbias) {
    sum_job job = {dout, NULL, dbias, rows, width, 1};
    lh_pool_run(context->pool, bias_columns, &job, (width + COLUMNS - 1) / COLUMNS);
    return LH_OK;
}

int32_t LH_NAME(lh_embedding_backward)(lh_context *context, const float *dout, const int32_t *ids,
                                       int32_t rows, int32_t width, float scale,
                                       float *dtable) {
    sum_job job = {dout, ids, dtable, rows, width, scale};
    lh_pool_run(context->pool, embedding_columns, &job, (width + COLUMNS - 1) / COLUMNS);
    return LH_OK;
}
