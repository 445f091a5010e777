/*
 * Rotates every head of each row by its position, row r being position r: the pairs (d, d + dim/2) by the
 * cosines and sines of the table, or back, which is also the backward pass.
 */
#include "lanes.h"

typedef struct {
    float *x;
    const float *table;
    int64_t heads, dim;
    float direction; /* of the sines: 1, or -1 back */
} rope_job;

static void rotate_row(void *argument, int64_t row, int32_t thread) {
    const rope_job *job = argument;
    int64_t half = job->dim / 2;
    const float *cosines = job->table + row * job->dim, *sines = cosines + half;
    (void)thread;
    for (int64_t head = 0; head < job->heads; head++) {
        float *a = job->x + (row * job->heads + head) * job->dim, *b = a + half;
        for (int64_t i = 0; i < half; i++) {
            float sine = sines[i] * job->direction;
            float first = a[i] * cosines[i] - b[i] * sine;
            b[i] = b[i] * cosines[i] + a[i] * sine;
            a[i] = first;
        }
    }
}

int32_t LH_NAME(lh_rope_rotate)(lh_context *context, float *x, const float *table, int32_t rows,
                                int32_t heads, int32_t dim, int32_t back) {
    rope_job job = {x, table, heads, dim, back ? -1 : 1};
    lh_pool_run(context->pool, rotate_row, &job, rows);
    return LH_OK;
}
