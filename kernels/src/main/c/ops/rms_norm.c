/*
 * RMSNorm: out = x / sqrt(mean(x^2) + eps) * weight, one row per task. The sum of squares uses the
 * 16 lanes of lanes.h; a row of 5120 floats is 20 KiB, so the second pass finds it in cache.
 */
#include "lanes.h"

typedef struct {
    const float *x;
    const float *weight;
    float *out;
    int32_t width;
    float eps;
} norm_job;

static void norm_row(void *argument, int64_t row, int32_t thread) {
    const norm_job *job = argument;
    const float *x = job->x + row * job->width;
    float *out = job->out + row * job->width;
    int32_t whole = job->width / LANES * LANES;
    vf squares[NV];
    (void)thread;
    for (int v = 0; v < NV; v++) {
        squares[v] = v_zero();
    }
    for (int32_t i = 0; i < whole; i += LANES) {
        for (int v = 0; v < NV; v++) {
            vf value = v_load(x + i + v * W);
            squares[v] = v_fma(value, value, squares[v]);
        }
    }
    float sum = lane_sum(squares);
    for (int32_t i = whole; i < job->width; i++) {
        sum += x[i] * x[i];
    }
    float scale = 1 / sqrtf(sum / (float)job->width + job->eps);
    for (int32_t i = 0; i < job->width; i++) {
        out[i] = x[i] * scale * job->weight[i];
    }
}

int32_t LH_NAME(lh_rms_norm)(lh_context *context, const float *x, const float *weight, float eps,
                             float *out, int32_t rows, int32_t width) {
    norm_job job = {x, weight, out, width, eps};
    lh_pool_run(context->pool, norm_row, &job, rows);
    return LH_OK;
}
