/*
 * RMSNorm of the heads of q and k where a family has it, rotary embedding of q and k in place, then the
 * append of k and v to their page. Heads are paired half against half: (a, b) = (h[i], h[i + D/2])
 * becomes (a cos - b sin, b cos + a sin). Keys go in transposed, [D, P], one float per cache line for a
 * single row; a prompt's rows fill the lines.
 */
#include <float.h>

#include "kv.h"
#include "norm.h"

typedef struct {
    float *qkv;
    const float *rope;
    const float *query_norm; /* [head_dim], or null */
    const float *key_norm;
    const lh_batch *batch;
    const lh_kv *kv;
    int32_t heads;
    int32_t layer;
    float norm_eps;
} rope_job;

static void norm_head(float *head, const float *weight, float eps, int32_t dim) {
    float factor = norm_factor(head, dim, eps);
    for (int32_t i = 0; i < dim; i++) {
        head[i] = head[i] * factor * weight[i];
    }
}

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

static void append_key(const lh_kv *kv, char *tile, int32_t slot, const float *key) {
    for (int64_t i = 0; i < kv->head_dim; i++) {
        if (key_dtype(kv) == LH_F32) {
            ((float *)tile)[i * P + slot] = key[i];
        } else {
            ((uint16_t *)tile)[i * P + slot] = f32_to_bf16(key[i]);
        }
    }
}

/* Largest magnitude / 127 as bf16, rounded up; 0 instead of a subnormal, NaN if a value is NaN. */
static float value_scale(const float *value, int32_t count) {
    float largest = 0;
    for (int32_t i = 0; i < count; i++) {
        float magnitude = fabsf(value[i]);
        largest = magnitude > largest || magnitude != magnitude ? magnitude : largest;
    }
    float exact = largest / 127;
    if (exact < FLT_MIN) {
        return 0;
    }
    float rounded = bf16_to_f32(f32_to_bf16(exact));
    uint32_t bits;
    memcpy(&bits, &rounded, 4);
    return rounded < exact ? bf16_to_f32((uint16_t)((bits >> 16) + 1)) : rounded;
}

/* Stores a value as bytes with one scale per VALUE_GROUP dimensions; Int8Values is the oracle. */
static void append_int8(const lh_kv *kv, char *tile, int32_t slot, const float *value) {
    int8_t *bytes = (int8_t *)tile + (int64_t)slot * kv->head_dim;
    uint16_t *scales = value_scales(kv, tile) + slot;
    for (int32_t first = 0; first < kv->head_dim; first += VALUE_GROUP) {
        int32_t left = kv->head_dim - first;
        int32_t count = left < VALUE_GROUP ? left : VALUE_GROUP;
        float scale = value_scale(value + first, count);
        scales[first / VALUE_GROUP * P] = f32_to_bf16(scale);
        for (int32_t i = first; i < first + count; i++) {
            float steps = scale == 0 ? 0 : value[i] / scale; /* NaN if the scale is not finite */
            bytes[i] = steps == steps ? (int8_t)rintf(steps) : 0;
        }
    }
}

static void append_value(const lh_kv *kv, char *tile, int32_t slot, const float *value) {
    int64_t at = (int64_t)slot * kv->head_dim;
    switch (kv->dtype) {
        case LH_F32:
            memcpy((float *)tile + at, value, (size_t)kv->head_dim * 4);
            break;
        case LH_BF16:
            for (int32_t i = 0; i < kv->head_dim; i++) {
                ((uint16_t *)tile)[at + i] = f32_to_bf16(value[i]);
            }
            break;
        default:
            append_int8(kv, tile, slot, value);
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
        const float *norm = h < job->heads ? job->query_norm : job->key_norm;
        if (norm != NULL) {
            norm_head(heads + (int64_t)h * dim, norm, job->norm_eps, dim);
        }
        rotate(heads + (int64_t)h * dim, rope, dim / 2);
    }
    const int32_t *table = job->batch->page_tables
                           + (int64_t)job->batch->sequences[row] * job->batch->pages_per_sequence;
    const float *keys = heads + (int64_t)job->heads * dim;
    const float *values = keys + (int64_t)kv->kv_heads * dim;
    for (int32_t h = 0; h < kv->kv_heads; h++) {
        size_t tile = tile_index(kv, job->layer, table[position / P], h);
        append_key(kv, key_tile(kv, tile), position % P, keys + h * dim);
        append_value(kv, value_tile(kv, tile), position % P, values + h * dim);
    }
}

int32_t LH_NAME(lh_rope_append)(lh_context *context, float *qkv, int32_t heads, const float *rope,
                                const float *query_norm, const float *key_norm, float norm_eps,
                                const lh_batch *batch, const lh_kv *kv, int32_t layer) {
    rope_job job = {qkv, rope, query_norm, key_norm, batch, kv, heads, layer, norm_eps};
    lh_pool_run(context->pool, rope_row, &job, batch->rows);
    return LH_OK;
}
