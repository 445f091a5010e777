/*
 * AdamW (Loshchilov and Hutter, 2019), elementwise, and the sum of the squares of a gradient. Squares are
 * summed in double in parts of CHUNK elements, the parts in ascending order.
 */
#include "lanes.h"

#define CHUNK 16384

typedef struct {
    const lh_adamw *settings;
    float *master, *first, *second;
    const float *gradient;
    uint16_t *copy;
    double *parts;
    int64_t count;
} adamw_job;

static void update_chunk(void *argument, int64_t index, int32_t thread) {
    const adamw_job *job = argument;
    const lh_adamw *s = job->settings;
    int64_t end = (index + 1) * CHUNK < job->count ? (index + 1) * CHUNK : job->count;
    (void)thread;
    for (int64_t i = index * CHUNK; i < end; i++) {
        float g = job->gradient[i] * s->gradient_scale;
        float m = job->first[i] + s->beta1_rest * (g - job->first[i]);
        float v = s->beta2 * job->second[i] + s->beta2_rest * g * g;
        float decayed = job->master[i] * s->keep;
        job->first[i] = m;
        job->second[i] = v;
        job->master[i] = decayed - s->step * (m / (sqrtf(v) * s->root_scale + s->epsilon));
    }
    if (job->copy != NULL) {
        for (int64_t i = index * CHUNK; i < end; i++) {
            job->copy[i] = f32_to_bf16(job->master[i]);
        }
    }
}

static void copy_chunk(void *argument, int64_t index, int32_t thread) {
    const adamw_job *job = argument;
    int64_t end = (index + 1) * CHUNK < job->count ? (index + 1) * CHUNK : job->count;
    (void)thread;
    for (int64_t i = index * CHUNK; i < end; i++) {
        job->copy[i] = f32_to_bf16(job->master[i]);
    }
}

static void square_chunk(void *argument, int64_t index, int32_t thread) {
    const adamw_job *job = argument;
    int64_t end = (index + 1) * CHUNK < job->count ? (index + 1) * CHUNK : job->count;
    double sums[8] = {0};
    (void)thread;
    int64_t i = index * CHUNK;
    for (; i + 8 <= end; i += 8) {
        for (int lane = 0; lane < 8; lane++) {
            double g = job->gradient[i + lane];
            sums[lane] += g * g;
        }
    }
    for (; i < end; i++) {
        double g = job->gradient[i];
        sums[0] += g * g;
    }
    double sum = 0;
    for (int lane = 0; lane < 8; lane++) {
        sum += sums[lane];
    }
    job->parts[index] = sum;
}

int32_t LH_NAME(lh_adamw_update)(lh_context *context, const lh_adamw *settings, float *master,
                                 const float *gradient, float *first, float *second, int64_t count,
                                 void *bf16_copy) {
    adamw_job job = {settings, master, first, second, gradient, bf16_copy, NULL, count};
    lh_pool_run(context->pool, update_chunk, &job, (count + CHUNK - 1) / CHUNK);
    return LH_OK;
}

int32_t LH_NAME(lh_round_to_bf16)(lh_context *context, const float *values, int64_t count, void *out) {
    adamw_job job = {.master = (float *)values, .copy = out, .count = count};
    lh_pool_run(context->pool, copy_chunk, &job, (count + CHUNK - 1) / CHUNK);
    return LH_OK;
}

int32_t LH_NAME(lh_sum_of_squares)(lh_context *context, const float *values, int64_t count,
                                   double *sum) {
    int64_t chunks = (count + CHUNK - 1) / CHUNK;
    int32_t status = lh_shared(context, (size_t)chunks * sizeof(double));
    if (status != LH_OK) {
        return status;
    }
    adamw_job job = {.gradient = values, .parts = (double *)context->shared, .count = count};
    lh_pool_run(context->pool, square_chunk, &job, chunks);
    *sum = 0;
    for (int64_t i = 0; i < chunks; i++) {
        *sum += job.parts[i];
    }
    return LH_OK;
}
