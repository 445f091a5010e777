/*
 * RMSNorm: out (+)= x / sqrt(mean(x^2) + eps) * weight, one row per task. A row of 5120 floats is
 * 20 KiB, so the second pass finds it in cache.
 */
#include "norm.h"

typedef struct {
    const float *x;
    const float *weight;
    float *out;
    int32_t width;
    int32_t accumulate;
    float eps;
} norm_job;

static void norm_row(void *argument, int64_t row, int32_t thread) {
    const norm_job *job = argument;
    const float *x = job->x + row * job->width;
    float *out = job->out + row * job->width;
    float scale = norm_factor(x, job->width, job->eps);
    int32_t accumulate = job->accumulate;
    (void)thread;
    for (int32_t i = 0; i < job->width; i++) {
        float normed = x[i] * scale * job->weight[i];
        out[i] = accumulate ? out[i] + normed : normed;
    }
}

int32_t LH_NAME(lh_rms_norm)(lh_context *context, const float *x, const float *weight, float eps,
                             float *out, int32_t rows, int32_t width, int32_t accumulate) {
    norm_job job = {x, weight, out, width, accumulate, eps};
    lh_pool_run(context->pool, norm_row, &job, rows);
    return LH_OK;
}
