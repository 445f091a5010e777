/*
 * SwiGLU, or GeGLU by its activation: out = activation(gate) * up. Elementwise; split into chunks that are
 * worth a task.
 */
#include "activation.h"

#define CHUNK 4096

typedef struct {
    const float *gate_up;
    float *out;
    int32_t width;
    int32_t chunks; /* per row */
    int32_t activation;
} swiglu_job;

ALWAYS_INLINE void gate_chunk(const swiglu_job *job, int64_t index, int32_t activation) {
    int64_t row = index / job->chunks;
    int32_t first = (int32_t)(index % job->chunks) * CHUNK;
    int32_t end = first + CHUNK < job->width ? first + CHUNK : job->width;
    const float *gate = job->gate_up + 2 * row * job->width;
    const float *up = gate + job->width;
    float *out = job->out + row * job->width;
    int32_t i = first;
    for (; i + W <= end; i += W) {
        vf g = v_load(gate + i);
        v_store(out + i, g / activation_divisor(activation, g) * v_load(up + i));
    }
    for (; i < end; i++) {
        out[i] = gate[i] / activation_divisor(activation, v_set1(gate[i]))[0] * up[i];
    }
}

static void swiglu_chunk(void *argument, int64_t index, int32_t thread) {
    const swiglu_job *job = argument;
    (void)thread;
    if (job->activation == LH_SILU) {
        gate_chunk(job, index, LH_SILU);
    } else {
        gate_chunk(job, index, LH_GELU_TANH);
    }
}

int32_t LH_NAME(lh_swiglu)(lh_context *context, const float *gate_up, int32_t activation,
                           float *out, int32_t rows, int32_t width) {
    swiglu_job job = {gate_up, out, width, (width + CHUNK - 1) / CHUNK, activation};
    lh_pool_run(context->pool, swiglu_chunk, &job, (int64_t)rows * job.chunks);
    return LH_OK;
}
