/* Soft cap: x = cap tanh(x / cap), in place and elementwise; split into chunks that are worth a task. */
#include "soft_cap.h"

#define CHUNK 4096

typedef struct {
    float *x;
    int64_t count;
    float cap;
} cap_job;

static void cap_chunk(void *argument, int64_t index, int32_t thread) {
    const cap_job *job = argument;
    int64_t first = index * CHUNK;
    (void)thread;
    soft_cap(job->x + first, job->count - first < CHUNK ? job->count - first : CHUNK, job->cap);
}

int32_t LH_NAME(lh_soft_cap)(lh_context *context, float *x, int64_t count, float cap) {
    cap_job job = {x, count, cap};
    lh_pool_run(context->pool, cap_chunk, &job, (count + CHUNK - 1) / CHUNK);
    return LH_OK;
}
