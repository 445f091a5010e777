/*
 * Rotary embedding of q and k in place, then the append of k and v to their page. Heads are paired
 * half against half: (a, b) = (h[i], h[i + D/2]) becomes (a cos - b sin, b cos + a sin). Keys go in
 * transposed, [D, P], one float per cache line for a single row; a prompt's rows fill the lines.
 */
#include "lanes.h"

#define P LH_PAGE_POSITIONS

typedef struct {
    float *qkv;
    const float *rope;
    const lh_batch *batch;
    const lh_kv *kv;
    int32_t heads;
    int32_t layer;
} rope_job;

static void rotate(float *head, const float *rope, int32_t half) {
    for (int32_t i = 0; i < half; i++) {
        float a = head[i];
        float b = head[half + i];
        float cosine = rope[i];
        float sine = rope[half + i];
        head[i] = a * cosine - b * sine;
        head[half + i] = b * cosine + a * sine;
    }
}

static void append(const lh_kv *kv, int64_t tile, int32_t slot, const float *key,
                   const float *value) {
    int64_t dim = kv->head_dim;
    if (kv->dtype == LH_F32) {
        float *keys = (float *)kv->keys + tile * dim * P + slot;
        float *values = (float *)kv->values + tile * dim * P + slot * dim;
        for (int64_t i = 0; i < dim; i++) {
            keys[i * P] = key[i];
            values[i] = value[i];
        }
    } else {
        uint16_t *keys = (uint16_t *)kv->keys + tile * dim * P + slot;
        uint16_t *values = (uint16_t *)kv->values + tile * dim * P + slot * dim;
        for (int64_t i = 0; i < dim; i++) {
            keys[i * P] = f32_to_bf16(key[i]);
            values[i] = f32_to_bf16(value[i]);
        }
    }
}

static void rope_row(void *argument, int64_t row, int32_t thread) {
    const rope_job *job = argument;
    const lh_kv *kv = job->kv;
    int32_t dim = kv->head_dim;
    int32_t position = job->batch->positions[row];
    const float *rope = job->rope + (int64_t)position * dim;
    float *heads = job->qkv + row * (job->heads + 2 * kv->kv_heads) * dim;
    (void)thread;
    for (int32_t h = 0; h < job->heads + kv->kv_heads; h++) {
        rotate(heads + (int64_t)h * dim, rope, dim / 2);
    }
    const int32_t *table = job->batch->page_tables
                           + (int64_t)job->batch->sequences[row] * job->batch->pages_per_sequence;
    int64_t page = (int64_t)job->layer * kv->pages + table[position / P];
    const float *keys = heads + (int64_t)job->heads * dim;
    const float *values = keys + (int64_t)kv->kv_heads * dim;
    for (int32_t h = 0; h < kv->kv_heads; h++) {
        append(kv, page * kv->kv_heads + h, position % P, keys + h * dim, values + h * dim);
    }
}

int32_t LH_NAME(lh_rope_append)(lh_context *context, float *qkv, int32_t heads, const float *rope,
                                const lh_batch *batch, const lh_kv *kv, int32_t layer) {
    rope_job job = {qkv, rope, batch, kv, heads, layer};
    lh_pool_run(context->pool, rope_row, &job, batch->rows);
    return LH_OK;
}
