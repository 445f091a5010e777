/*
 * Weights to int8 and int4, at load: quantized.h has the layout. Runs once over every weight, one
 * task per few rows.
 *
 * Every group of 32 gets the scale that fits it best: for int8 its largest magnitude over 127; for
 * int4, with 16 values to spend, the one of least squared error among CANDIDATES around the largest
 * magnitude over 8, of either sign, as one side of -8..7 is longer. The products and sums are plain
 * multiplications and additions in the lanes of lanes.h, so that every instruction set, and the Java
 * quantiser that the tests compare with, makes the same bits.
 */
#include <float.h>

#include "quantized.h"

#define ROWS_PER_TASK 8
#define CANDIDATES 16

typedef struct {
    const char *weights;
    char *out;
    int64_t outputs;
    int64_t inputs;
    int32_t from;
    int32_t to;
} quantize_job;

/* What is tried as largest weight / scale. */
static const float RATIOS[CANDIDATES] = {-8,    -7.75f, -7.5f, -7.25f, -7,    -8.25f, -8.5f, -8.75f,
                                         7,     6.75f,  6.5f,  6.25f,  6,     7.25f,  7.5f,  7.75f};

/* To the nearest integer, ties to even, for magnitudes below 2^22. */
ALWAYS_INLINE vf v_round(vf x) {
    const vf magic = v_set1(0x1.8p23f);
    return (x + magic) - magic;
}

ALWAYS_INLINE vf v_clamp(vf x, float low, float high) {
    return -v_max(-v_max(x, v_set1(low)), v_set1(-high));
}

/* The weight of largest magnitude of a group, the first of several. */
static float largest_of(const float *group) {
    float largest = 0;
    for (int i = 0; i < GROUP; i++) {
        largest = fabsf(group[i]) > fabsf(largest) ? group[i] : largest;
    }
    return largest;
}

/* A scale as it is stored; 0 instead of a subnormal, whose inverse is infinite. */
static float storable(float scale) {
    return fabsf(scale) < FLT_MIN ? 0 : bf16_to_f32(f32_to_bf16(scale));
}

/* Quantises a group to low..high and returns the sum of squared errors. */
ALWAYS_INLINE float quantize_as(const float *group, float scale, float low, float high, float *q) {
    vf inverse = v_set1(1 / scale);
    vf errors[NV];
    for (int v = 0; v < NV; v++) {
        errors[v] = v_zero();
    }
    for (int i = 0; i < GROUP; i += W) {
        vf x = v_load(group + i);
        vf rounded = v_clamp(v_round(x * inverse), low, high);
        vf error = x - rounded * v_set1(scale);
        errors[i % LANES / W] = errors[i % LANES / W] + error * error;
        v_store(q + i, rounded);
    }
    return lane_sum(errors);
}

static float quantize_int8(const float *group, float *q) {
    float scale = storable(fabsf(largest_of(group)) / 127);
    if (scale == 0) {
        memset(q, 0, GROUP * sizeof(float));
    } else {
        quantize_as(group, scale, -127, 127, q);
    }
    return scale;
}

static float quantize_int4(const float *group, float *q) {
    float largest = largest_of(group);
    float best = 0;
    float least = INFINITY;
    memset(q, 0, GROUP * sizeof(float));
    for (int c = 0; c < CANDIDATES; c++) {
        float candidate[GROUP];
        float scale = storable(largest / RATIOS[c]);
        float error = scale == 0 ? INFINITY : quantize_as(group, scale, -8, 7, candidate);
        if (error < least) {
            least = error;
            best = scale;
            memcpy(q, candidate, sizeof candidate);
        }
    }
    return best;
}

/* One group of a block; the group's weights are followed by zeros where the row ends. */
static void put_group(const float *weights, int32_t to, int32_t group, char *block) {
    float q[GROUP];
    float scale = to == LH_INT8 ? quantize_int8(weights, q) : quantize_int4(weights, q);
    uint16_t bits = f32_to_bf16(scale);
    memcpy(block + 2 * group, &bits, 2);
    signed char *out = (signed char *)block + BLOCK_SCALES_BYTES;
    if (to == LH_INT8) {
        for (int i = 0; i < GROUP; i++) {
            out[group * GROUP + i] = (signed char)q[i];
        }
        return;
    }
    for (int i = 0; i < GROUP / 2; i++) {
        int32_t low = (int32_t)q[i] + 8;
        int32_t high = (int32_t)q[GROUP / 2 + i] + 8;
        out[group * (GROUP / 2) + i] = (signed char)(low | high << 4);
    }
}

static void quantize_task(void *argument, int64_t index, int32_t thread) {
    (void)thread;
    const quantize_job *job = argument;
    int64_t end = (index + 1) * ROWS_PER_TASK;
    end = end < job->outputs ? end : job->outputs;
    for (int64_t row = index * ROWS_PER_TASK; row < end; row++) {
        const char *weights = job->weights + row * job->inputs * dtype_bytes(job->from);
        char *block = job->out + row * row_bytes(job->to, job->inputs);
        for (int64_t k = 0; k < job->inputs; k += BLOCK) {
            float wide[BLOCK] = {0};
            int64_t count = job->inputs - k < BLOCK ? job->inputs - k : BLOCK;
            for (int64_t i = 0; i < count; i++) {
                wide[i] = element_to_f32(weights, job->from, k + i);
            }
            put_group(wide, job->to, 0, block);
            put_group(wide + GROUP, job->to, 1, block);
            block += step_bytes(job->to);
        }
    }
}

int32_t LH_NAME(lh_quantize)(lh_context *context, const void *weights, int32_t from,
                             int32_t outputs, int32_t inputs, int32_t to, void *out) {
    quantize_job job = {weights, out, outputs, inputs, from, to};
    lh_pool_run(context->pool, quantize_task, &job, (outputs + ROWS_PER_TASK - 1) / ROWS_PER_TASK);
    return LH_OK;
}
