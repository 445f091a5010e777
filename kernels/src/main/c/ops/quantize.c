/*
 * Quantises weights to int8 and int4 at load; quantized.h has the layout. Runs once over every weight,
 * one task per tile of 16 rows.
 *
 * Every group of 32 gets the scale that fits it best: for int8 its largest magnitude over 127; for
 * int4, with 16 values to spend, the one of least squared error among CANDIDATES around the largest
 * magnitude over 8, of either sign, as one side of -8..7 is longer. The products and sums are plain
 * multiplications and additions in the lanes of lanes.h, so that every instruction set, and the Java
 * quantiser that the tests compare with, makes the same bits.
 */
#include <float.h>

#include "quantized.h"

#define CANDIDATES 16

typedef struct {
    const char *weights;
    char *out;
    int64_t outputs;
    int64_t inputs;
    int32_t from;
    int32_t to;
} quantize_job;

/* Candidates for largest weight / scale. */
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

typedef float group_quantizer(const float *group, float *q);

#define QUANTIZER_ROW(dtype, bits, group, block, scale, zeros, quantizer) [dtype] = quantizer,
static group_quantizer *const QUANTIZERS[] = {QUANTIZED_FORMATS(QUANTIZER_ROW)};
#undef QUANTIZER_ROW

/* Quantises one group of one row; its weights beyond the end of the row are zeros. */
static void put_group(const float *weights, int32_t to, char *tile, int64_t row, int64_t g) {
    float q[GROUP];
    float scale = QUANTIZERS[to](weights, q);
    int32_t bits = bits_of(to);
    uint16_t stored = f32_to_bf16(scale);
    memcpy((char *)scales_of(tile, to, g, 0) + 2 * row, &stored, 2);
    char *chunk = (char *)chunks_of(tile, to, g) + 4 * row;
    for (int k = 0; k < GROUP; k += 32 / bits) {
        uint32_t word = 0;
        for (int i = 0; i < 32 / bits; i++) {
            uint32_t u = (uint32_t)((int32_t)q[k + i] + middle_of(to));
            word |= u << (i % 2 * 16 + i / 2 * bits);
        }
        memcpy(chunk, &word, 4);
        chunk += CHUNK_BYTES;
    }
}

static void quantize_task(void *argument, int64_t index, int32_t thread) {
    (void)thread;
    const quantize_job *job = argument;
    int64_t bytes = tile_bytes(job->to, job->inputs);
    char *tile = job->out + index * bytes;
    memset(tile, 0, (size_t)bytes); /* padding rows */
    int64_t block = block_of(job->to);
    int64_t groups = (job->inputs + block - 1) / block * (block / GROUP);
    for (int64_t row = 0; row < TILE && index * TILE + row < job->outputs; row++) {
        int64_t first = (index * TILE + row) * job->inputs;
        for (int64_t g = 0; g < groups; g++) {
            float wide[GROUP] = {0};
            for (int64_t i = 0; i < GROUP && g * GROUP + i < job->inputs; i++) {
                wide[i] = element_to_f32(job->weights, job->from, first + g * GROUP + i);
            }
            put_group(wide, job->to, tile, row, g);
        }
    }
}

int32_t LH_NAME(lh_quantize)(lh_context *context, const void *weights, int32_t from,
                             int32_t outputs, int32_t inputs, int32_t to, void *out) {
    quantize_job job = {weights, out, outputs, inputs, from, to};
    lh_pool_run(context->pool, quantize_task, &job, (outputs + TILE - 1) / TILE);
    return LH_OK;
}
