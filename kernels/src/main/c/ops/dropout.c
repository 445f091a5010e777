/*
 * Dropout with masks from a counter, so that recomputation repeats them: element (row, column) is kept where
 * the upper 24 bits of mix(key + index * golden ratio) are below keep * 2^24, with the finaliser of
 * SplitMix64 (Steele et al., 2014). Kept values are divided by keep.
 */
#include "lanes.h"

typedef struct {
    const float *x;
    float *out;
    int64_t first_row, width;
    uint64_t key;
    uint64_t bound; /* of 24 bits */
    float scale;
    int32_t accumulate;
} dropout_job;

static uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static void dropout_row(void *argument, int64_t row, int32_t thread) {
    const dropout_job *job = argument;
    const float *x = job->x + row * job->width;
    float *out = job->out + row * job->width;
    uint64_t counter = job->key + (uint64_t)((job->first_row + row) * job->width) * 0x9E3779B97F4A7C15u;
    (void)thread;
    for (int64_t i = 0; i < job->width; i++) {
        float value = mix(counter) >> 40 < job->bound ? x[i] * job->scale : 0;
        out[i] = job->accumulate ? out[i] + value : value;
        counter += 0x9E3779B97F4A7C15u;
    }
}

int32_t LH_NAME(lh_dropout)(lh_context *context, const float *x, int32_t first_row, int32_t rows,
                            int32_t width, int64_t key, double keep, float *out,
                            int32_t accumulate) {
    dropout_job job = {x, out, first_row, width, (uint64_t)key, (uint64_t)(keep * 0x1p24),
                       (float)(1 / keep), accumulate};
    lh_pool_run(context->pool, dropout_row, &job, rows);
    return LH_OK;
}
