/*
 * SwiGLU: out = silu(gate) * up with silu(g) = g / (1 + e^-g). Elementwise; split into chunks that
 * are worth a task. e^-g is held below e^88, so a very negative gate gives a zero and no NaN.
 */
#include "lanes.h"

#define CHUNK 4096

typedef struct {
    const float *gate_up;
    float *out;
    int32_t width;
    int32_t chunks; /* per row */
} swiglu_job;

static vf silu_times(vf gate, vf up) {
    vf negated = v_zero() - gate;
    vf held = v_select((vi32)(negated < v_set1(88)), negated, v_set1(88));
    return gate / (v_set1(1) + v_exp(held)) * up;
}

static void swiglu_chunk(void *argument, int64_t index, int32_t thread) {
    const swiglu_job *job = argument;
    int64_t row = index / job->chunks;
    int32_t first = (int32_t)(index % job->chunks) * CHUNK;
    int32_t end = first + CHUNK < job->width ? first + CHUNK : job->width;
    const float *gate = job->gate_up + 2 * row * job->width;
    const float *up = gate + job->width;
    float *out = job->out + row * job->width;
    int32_t i = first;
    (void)thread;
    for (; i + W <= end; i += W) {
        v_store(out + i, silu_times(v_load(gate + i), v_load(up + i)));
    }
    for (; i < end; i++) {
        out[i] = silu_times(v_set1(gate[i]), v_set1(up[i]))[0];
    }
}

int32_t LH_NAME(lh_swiglu)(lh_context *context, const float *gate_up, float *out, int32_t rows,
                           int32_t width) {
    swiglu_job job = {gate_up, out, width, (width + CHUNK - 1) / CHUNK};
    lh_pool_run(context->pool, swiglu_chunk, &job, (int64_t)rows * job.chunks);
    return LH_OK;
}
