/*
 * SwiGLU in training, gate and up apart. Forward: out = silu(gate) * up with silu(g) = g s, s = 1 / (1
 * + e^-g). Backward, in place: up becomes dup = dout silu(gate), gate becomes dgate = dout up s (1 +
 * gate (1 - s)), and dout becomes out, which the gradient of the next weights needs.
 */
#include "lanes.h"

#define CHUNK 4096

typedef struct {
    float *gate, *up, *out;
    int64_t count;
} swiglu_job;

static vf sigmoid(vf gate) {
    vf negated = v_zero() - gate;
    vf held = v_select((vi32)(negated < v_set1(88)), negated, v_set1(88));
    return v_set1(1) / (v_set1(1) + v_exp(held));
}

static void forward_chunk(void *argument, int64_t index, int32_t thread) {
    const swiglu_job *job = argument;
    int64_t end = (index + 1) * CHUNK < job->count ? (index + 1) * CHUNK : job->count;
    int64_t i = index * CHUNK;
    (void)thread;
    for (; i + W <= end; i += W) {
        vf gate = v_load(job->gate + i);
        v_store(job->out + i, gate * sigmoid(gate) * v_load(job->up + i));
    }
    for (; i < end; i++) {
        job->out[i] = job->gate[i] * sigmoid(v_set1(job->gate[i]))[0] * job->up[i];
    }
}

/* One vector of the backward pass, in place. */
ALWAYS_INLINE void differentiate(vf *gate, vf *up, vf *dout) {
    vf s = sigmoid(*gate);
    vf silu = *gate * s;
    vf out = silu * *up;
    vf dgate = *dout * *up * (s * (v_set1(1) + *gate * (v_set1(1) - s)));
    *up = *dout * silu;
    *gate = dgate;
    *dout = out;
}

static void backward_chunk(void *argument, int64_t index, int32_t thread) {
    const swiglu_job *job = argument;
    int64_t end = (index + 1) * CHUNK < job->count ? (index + 1) * CHUNK : job->count;
    int64_t i = index * CHUNK;
    (void)thread;
    for (; i + W <= end; i += W) {
        vf gate = v_load(job->gate + i), up = v_load(job->up + i), dout = v_load(job->out + i);
        differentiate(&gate, &up, &dout);
        v_store(job->gate + i, gate);
        v_store(job->up + i, up);
        v_store(job->out + i, dout);
    }
    for (; i < end; i++) {
        vf gate = v_set1(job->gate[i]), up = v_set1(job->up[i]), dout = v_set1(job->out[i]);
        differentiate(&gate, &up, &dout);
        job->gate[i] = gate[0];
        job->up[i] = up[0];
        job->out[i] = dout[0];
    }
}

int32_t LH_NAME(lh_swiglu_forward)(lh_context *context, const float *gate, const float *up,
                                   float *out, int64_t count) {
    swiglu_job job = {(float *)gate, (float *)up, out, count};
    lh_pool_run(context->pool, forward_chunk, &job, (count + CHUNK - 1) / CHUNK);
    return LH_OK;
}

int32_t LH_NAME(lh_swiglu_backward)(lh_context *context, float *gate, float *up, float *dout,
                                    int64_t count) {
    swiglu_job job = {gate, up, dout, count};
    lh_pool_run(context->pool, backward_chunk, &job, (count + CHUNK - 1) / CHUNK);
    return LH_OK;
}
