/*
 * SwiGLU, or GeGLU by its activation, in training, gate and up apart. Forward: out = a(gate) * up with
 * the activation a. Backward, in place: up becomes dup = dout a(gate), gate becomes dgate = dout up
 * a'(gate), and dout becomes out, which the gradient of the next weights needs.
 */
#include "activation.h"

#define CHUNK 4096

typedef struct {
    float *gate, *up, *out;
    int64_t count;
    int32_t activation;
} swiglu_job;

ALWAYS_INLINE vf share_of(int32_t activation, vf gate) {
    return v_set1(1) / activation_divisor(activation, gate);
}

ALWAYS_INLINE void forward_chunk(const swiglu_job *job, int64_t index, int32_t activation) {
    int64_t end = (index + 1) * CHUNK < job->count ? (index + 1) * CHUNK : job->count;
    int64_t i = index * CHUNK;
    for (; i + W <= end; i += W) {
        vf gate = v_load(job->gate + i);
        v_store(job->out + i, gate * share_of(activation, gate) * v_load(job->up + i));
    }
    for (; i < end; i++) {
        vf gate = v_set1(job->gate[i]);
        job->out[i] = job->gate[i] * share_of(activation, gate)[0] * job->up[i];
    }
}

/* One vector of the backward pass, in place. */
ALWAYS_INLINE void differentiate(int32_t activation, vf *gate, vf *up, vf *dout) {
    vf share = share_of(activation, *gate);
    vf activated = *gate * share;
    vf out = activated * *up;
    vf dgate = *dout * *up * activation_slope(activation, *gate, share);
    *up = *dout * activated;
    *gate = dgate;
    *dout = out;
}

ALWAYS_INLINE void backward_chunk(const swiglu_job *job, int64_t index, int32_t activation) {
    int64_t end = (index + 1) * CHUNK < job->count ? (index + 1) * CHUNK : job->count;
    int64_t i = index * CHUNK;
    for (; i + W <= end; i += W) {
        vf gate = v_load(job->gate + i), up = v_load(job->up + i), dout = v_load(job->out + i);
        differentiate(activation, &gate, &up, &dout);
        v_store(job->gate + i, gate);
        v_store(job->up + i, up);
        v_store(job->out + i, dout);
    }
    for (; i < end; i++) {
        vf gate = v_set1(job->gate[i]), up = v_set1(job->up[i]), dout = v_set1(job->out[i]);
        differentiate(activation, &gate, &up, &dout);
        job->gate[i] = gate[0];
        job->up[i] = up[0];
        job->out[i] = dout[0];
    }
}

static void forward_task(void *argument, int64_t index, int32_t thread) {
    const swiglu_job *job = argument;
    (void)thread;
    if (job->activation == LH_SILU) {
        forward_chunk(job, index, LH_SILU);
    } else {
        forward_chunk(job, index, LH_GELU_TANH);
    }
}

static void backward_task(void *argument, int64_t index, int32_t thread) {
    const swiglu_job *job = argument;
    (void)thread;
    if (job->activation == LH_SILU) {
        backward_chunk(job, index, LH_SILU);
    } else {
        backward_chunk(job, index, LH_GELU_TANH);
    }
}

int32_t LH_NAME(lh_swiglu_forward)(lh_context *context, const float *gate, const float *up,
                                   int32_t activation, float *out, int64_t count) {
    swiglu_job job = {(float *)gate, (float *)up, out, count, activation};
    lh_pool_run(context->pool, forward_task, &job, (count + CHUNK - 1) / CHUNK);
    return LH_OK;
}

int32_t LH_NAME(lh_swiglu_backward)(lh_context *context, float *gate, float *up, int32_t activation,
                                    float *dout, int64_t count) {
    swiglu_job job = {gate, up, dout, count, activation};
    lh_pool_run(context->pool, backward_task, &job, (count + CHUNK - 1) / CHUNK);
    return LH_OK;
}
