/*
 * The backward pass of causal attention, by recomputed weights (Dao, "FlashAttention-2", 2023): with
 * S = scale q k', P = exp(S - lse) and delta_i = dout_i . out_i,
 *   dv = P' dout,  dS = P (dout v' - delta) times the slope of a bound,  dq = scale dS k,  dk = scale dS' q.
 *
 * A task has one query head and walks all its blocks, keys outside: five products a pair of blocks, and no
 * other task adds to its sums. Heads that share keys give parts of dk and dv, which are added in ascending
 * order of heads: the bits do not depend on the threads. The heads of a group are taken a few at a time, as
 * many as the threads can use, so that the parts stay small.
 *
 * Measured with 14 heads of 64 and 512 positions on one thread of a busy Zen 4: 41 to 47 % of the peak of
 * multiply-adds for the products below the diagonal, 47 to 50 % forward. At 512 positions, blocks on the
 * diagonal make the work 1.47 times that; with it the rates are 60 to 69 and 69 to 73 %.
 */
#include "attention_training.h"

#define TASKS_PER_THREAD 2

typedef struct {
    const lh_context *context;
    const float *q, *k, *v, *out, *lse, *dout;
    float *dq, *dk, *dv;
    int64_t positions, heads, kv_heads, dim;
    score_rule rule;
    int64_t group;              /* query heads a key head */
    int64_t round, round_heads; /* first head of the group that is taken, and their number */
    float *parts;               /* [kv_heads][round_heads][2][positions][dim] */
} backward_job;

typedef struct {
    head_block keys, keys_transposed, values_transposed, dkeys, dvalues;
    head_block queries, query_panels, dout, dout_panels, dqueries;
    score_block weights, dscores;
    float panels[BLOCK * BLOCK];
    float lse[BLOCK], delta[BLOCK];
} backward_scratch;

static float *part_of(const backward_job *job, int64_t kv_head, int64_t member, int64_t which) {
    int64_t index = (kv_head * job->round_heads + member) * 2 + which;
    return job->parts + index * job->positions * job->dim;
}

/* Takes a block of queries: rows, panels, and for each query log2-sum-exp and delta. */
static void load_queries(const backward_job *job, backward_scratch *scratch, int64_t head,
                         int64_t first) {
    int64_t stride = job->heads * job->dim, width = padded_dim(job->dim);
    head_rows q = {(float *)job->q + head * job->dim, stride};
    head_rows dout = {(float *)job->dout + head * job->dim, stride};
    copy_rows(q, first, job->positions, job->dim, scratch->queries);
    copy_rows(dout, first, job->positions, job->dim, scratch->dout);
    pack_block(scratch->queries, width, job->dim, scratch->query_panels);
    pack_block(scratch->dout, width, job->dim, scratch->dout_panels);
    for (int64_t i = 0; i < BLOCK; i++) {
        int64_t row = first + i;
        float delta = 0;
        if (row < job->positions) {
            const float *out = job->out + row * stride + head * job->dim;
            for (int64_t d = 0; d < job->dim; d++) {
                delta += out[d] * scratch->dout[i * width + d];
            }
        }
        scratch->delta[i] = delta;
        scratch->lse[i] = row < job->positions
                              ? job->lse[row * job->heads + head] * (float)LOG2_E
                              : INFINITY; /* weights of 0 */
    }
}

/*
 * From products and dout v' to weights and dscores, in place. `distance` is the position of the first query
 * less that of the first key.
 */
static void differentiate(backward_scratch *scratch, score_rule rule, int64_t distance) {
    int masked = distance < BLOCK || distance + BLOCK > rule.window;
    for (int64_t i = 0; i < BLOCK; i++) {
        vf lse = v_set1(scratch->lse[i]);
        vf delta = v_set1(scratch->delta[i]);
        for (int64_t j = 0; j < BLOCK; j += W) {
            vf product = v_load(scratch->weights + i * BLOCK + j);
            vf bound = bound_of(rule, product);
            vf slope = (v_set1(1) - bound * bound) * v_set1(rule.scale);
            vf weight = v_exp2(score_of(rule, product, bound) - lse);
            if (masked) {
                for (int64_t lane = 0; lane < W; lane++) {
                    int64_t back = distance + i - (j + lane);
                    weight[lane] = back < 0 || back >= rule.window ? 0 : weight[lane];
                }
            }
            vf dweight = v_load(scratch->dscores + i * BLOCK + j);
            v_store(scratch->weights + i * BLOCK + j, weight);
            v_store(scratch->dscores + i * BLOCK + j, weight * (dweight - delta) * slope);
        }
    }
}

static void store_rows(const float *block, int64_t width, int64_t first, int64_t positions,
                       int64_t dim, head_rows to) {
    for (int64_t i = 0; i < BLOCK && first + i < positions; i++) {
        memcpy(to.data + (first + i) * to.stride, block + i * width, (size_t)dim * sizeof(float));
    }
}

static void backward_pair(const backward_job *job, backward_scratch *scratch, int64_t head,
                          int64_t first, int64_t first_key) {
    int64_t width = padded_dim(job->dim), dim = job->dim;
    head_rows dq = {job->dq + head * dim, job->heads * dim};
    load_queries(job, scratch, head, first);
    packed_product(scratch->query_panels, scratch->keys_transposed, BLOCK, dim, BLOCK,
                   scratch->weights, BLOCK, 0);
    packed_product(scratch->dout_panels, scratch->values_transposed, BLOCK, dim, BLOCK,
                   scratch->dscores, BLOCK, 0);
    differentiate(scratch, job->rule, first - first_key);
    transposed_product(scratch->weights, scratch->dout, width, width, scratch->dvalues, width);
    transposed_product(scratch->dscores, scratch->queries, width, width, scratch->dkeys, width);
    pack_block(scratch->dscores, BLOCK, BLOCK, scratch->panels);
    copy_rows(dq, first, job->positions, dim, scratch->dqueries);
    packed_product(scratch->panels, scratch->keys, width, BLOCK, width, scratch->dqueries, width, 1);
    store_rows(scratch->dqueries, width, first, job->positions, dim, dq);
}

static void backward_task(void *argument, int64_t index, int32_t thread) {
    const backward_job *job = argument;
    backward_scratch *scratch = lh_scratch_of(job->context, thread);
    int64_t kv_head = index / job->round_heads, member = index % job->round_heads;
    int64_t in_group = job->round + member;
    if (in_group >= job->group) {
        return;
    }
    int64_t head = kv_head * job->group + in_group;
    int64_t dim = job->dim, width = padded_dim(dim), positions = job->positions;
    head_rows k = {(float *)job->k + kv_head * dim, job->kv_heads * dim};
    head_rows v = {(float *)job->v + kv_head * dim, job->kv_heads * dim};
    head_rows dk = {part_of(job, kv_head, member, 0), dim};
    head_rows dv = {part_of(job, kv_head, member, 1), dim};
    for (int64_t row = 0; row < positions; row++) {
        memset(job->dq + (row * job->heads + head) * dim, 0, (size_t)dim * sizeof(float));
    }
    for (int64_t key = 0; key < positions; key += BLOCK) {
        copy_rows(v, key, positions, dim, scratch->keys);
        transpose_block(scratch->keys, width, dim, scratch->values_transposed);
        copy_rows(k, key, positions, dim, scratch->keys);
        transpose_block(scratch->keys, width, dim, scratch->keys_transposed);
        memset(scratch->dkeys, 0, (size_t)(BLOCK * width) * sizeof(float));
        memset(scratch->dvalues, 0, (size_t)(BLOCK * width) * sizeof(float));
        int64_t last_key = key + BLOCK - 1; /* which later queries see than any before it */
        for (int64_t query = key; query < positions && query - last_key < job->rule.window;
             query += BLOCK) {
            backward_pair(job, scratch, head, query, key);
        }
        store_rows(scratch->dkeys, width, key, positions, dim, dk);
        store_rows(scratch->dvalues, width, key, positions, dim, dv);
    }
}

/* Adds the parts of a round to dk and dv, a position per task. */
static void add_parts(void *argument, int64_t position, int32_t thread) {
    const backward_job *job = argument;
    (void)thread;
    for (int64_t kv_head = 0; kv_head < job->kv_heads; kv_head++) {
        for (int64_t which = 0; which < 2; which++) {
            float *sum = (which == 0 ? job->dk : job->dv)
                         + (position * job->kv_heads + kv_head) * job->dim;
            for (int64_t member = 0; member < job->round_heads; member++) {
                if (job->round + member >= job->group) {
                    break;
                }
                const float *part = part_of(job, kv_head, member, which) + position * job->dim;
                int first = job->round + member == 0;
                for (int64_t d = 0; d < job->dim; d++) {
                    sum[d] = first ? part[d] : sum[d] + part[d];
                }
            }
        }
    }
}

int32_t LH_NAME(lh_attention_backward)(lh_context *context, const float *q, const float *k,
                                       const float *v, const float *out, const float *lse,
                                       const float *dout, int32_t positions, int32_t heads,
                                       int32_t kv_heads, int32_t dim, float scale, float cap,
                                       int32_t window, float *dq, float *dk, float *dv) {
    backward_job job = {
        .context = context, .q = q, .k = k, .v = v, .out = out, .lse = lse, .dout = dout,
        .dq = dq, .dk = dk, .dv = dv, .positions = positions, .heads = heads,
        .kv_heads = kv_heads, .dim = dim, .group = heads / kv_heads,
        .rule = rule_of(scale, cap, window),
    };
    int64_t wanted = (TASKS_PER_THREAD * (int64_t)context->threads + kv_heads - 1) / kv_heads;
    job.round_heads = wanted < job.group ? wanted : job.group;
    size_t bytes = (size_t)(2 * kv_heads * job.round_heads * positions * dim) * sizeof(float);
    int32_t status = lh_scratch(context, sizeof(backward_scratch));
    if (status == LH_OK) {
        status = lh_shared(context, bytes);
    }
    if (status != LH_OK) {
        return status;
    }
    job.parts = (float *)context->shared;
    for (; job.round < job.group; job.round += job.round_heads) {
        lh_pool_run(context->pool, backward_task, &job, kv_heads * job.round_heads);
        lh_pool_run(context->pool, add_parts, &job, positions);
    }
    return LH_OK;
}
