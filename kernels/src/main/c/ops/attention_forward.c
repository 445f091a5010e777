/*
 * Causal attention of one sequence in training, with the log-sum-exp of every query's scores, which the
 * backward pass needs. A task has one head and BLOCK queries, and walks the keys in blocks (Dao,
 * "FlashAttention-2", 2023). Scores are computed transposed, [keys][queries]: maxima and sums then run over
 * rows, a query per lane, and the product with the values reads the weights as they lie.
 */
#include "attention_training.h"

typedef struct {
    const lh_context *context;
    const float *q, *k, *v;
    float *out;
    float *lse;
    int64_t positions, heads, kv_heads, dim, blocks;
    score_rule rule;
} forward_job;

typedef struct {
    head_block rows;    /* of queries, then of keys, then of values */
    head_block queries; /* transposed: [dim][BLOCK] */
    head_block panels;  /* keys as A */
    head_block out;
    score_block scores; /* [keys][queries] */
    float largest[BLOCK], sum[BLOCK], factor[BLOCK];
} forward_scratch;

/*
 * Turns products into weights; updates maxima and sums; gives the factor on earlier sums. `distance` is the
 * position of the first query less that of the first key.
 */
static void weigh(forward_scratch *scratch, score_rule rule, int64_t distance) {
    int masked = distance < BLOCK || distance + BLOCK > rule.window;
    for (int64_t i = 0; i < BLOCK; i += W) {
        vf before = v_load(scratch->largest + i);
        vf largest = before;
        for (int64_t j = 0; j < BLOCK; j++) {
            float *at = scratch->scores + j * BLOCK + i;
            vf product = v_load(at);
            vf score = score_of(rule, product, bound_of(rule, product));
            if (masked) { /* query i + lane sees the keys of its window up to its own */
                for (int64_t lane = 0; lane < W; lane++) {
                    int64_t back = distance + i + lane - j;
                    score[lane] = back < 0 || back >= rule.window ? -INFINITY : score[lane];
                }
            }
            v_store(at, score);
            largest = v_max(score, largest);
        }
        vf factor = v_exp2(before - largest);
        vf sum = v_load(scratch->sum + i) * factor;
        for (int64_t j = 0; j < BLOCK; j++) {
            float *at = scratch->scores + j * BLOCK + i;
            vf weight = v_exp2(v_load(at) - largest);
            v_store(at, weight);
            sum += weight;
        }
        v_store(scratch->largest + i, largest);
        v_store(scratch->sum + i, sum);
        v_store(scratch->factor + i, factor);
    }
}

static void scale_rows(float *block, int64_t width, const float *factor) {
    for (int64_t i = 0; i < BLOCK; i++) {
        for (int64_t d = 0; d < width; d += W) {
            v_store(block + i * width + d, v_load(block + i * width + d) * v_set1(factor[i]));
        }
    }
}

static void forward_task(void *argument, int64_t index, int32_t thread) {
    const forward_job *job = argument;
    forward_scratch *scratch = lh_scratch_of(job->context, thread);
    int64_t block = job->blocks - 1 - index / job->heads; /* the longest tasks first */
    int64_t head = index % job->heads;
    int64_t kv_head = head / (job->heads / job->kv_heads);
    int64_t width = padded_dim(job->dim);
    int64_t first = block * BLOCK;
    int64_t q_stride = job->heads * job->dim, kv_stride = job->kv_heads * job->dim;
    head_rows q = {(float *)job->q + head * job->dim, q_stride};
    head_rows k = {(float *)job->k + kv_head * job->dim, kv_stride};
    head_rows v = {(float *)job->v + kv_head * job->dim, kv_stride};
    copy_rows(q, first, job->positions, job->dim, scratch->rows);
    transpose_block(scratch->rows, width, job->dim, scratch->queries);
    memset(scratch->out, 0, (size_t)(BLOCK * width) * sizeof(float));
    for (int64_t i = 0; i < BLOCK; i++) {
        scratch->largest[i] = -1e30f;
        scratch->sum[i] = 0;
    }
    for (int64_t key = first_key(job->rule, first) / BLOCK; key <= block; key++) {
        copy_rows(k, key * BLOCK, job->positions, job->dim, scratch->rows);
        pack_block(scratch->rows, width, job->dim, scratch->panels);
        packed_product(scratch->panels, scratch->queries, BLOCK, job->dim, BLOCK,
                       scratch->scores, BLOCK, 0);
        weigh(scratch, job->rule, first - key * BLOCK);
        scale_rows(scratch->out, width, scratch->factor);
        copy_rows(v, key * BLOCK, job->positions, job->dim, scratch->rows);
        transposed_product(scratch->scores, scratch->rows, width, width, scratch->out, width);
    }
    for (int64_t i = 0; i < BLOCK && first + i < job->positions; i++) {
        float *out = job->out + (first + i) * q_stride + head * job->dim;
        for (int64_t d = 0; d < job->dim; d++) {
            out[d] = scratch->out[i * width + d] / scratch->sum[i];
        }
        double lse = (scratch->largest[i] + log2((double)scratch->sum[i])) / LOG2_E;
        job->lse[(first + i) * job->heads + head] = (float)lse;
    }
}

int32_t LH_NAME(lh_attention_forward)(lh_context *context, const float *q, const float *k,
                                      const float *v, int32_t positions, int32_t heads,
                                      int32_t kv_heads, int32_t dim, float scale, float cap,
                                      int32_t window, float *out, float *lse) {
    int32_t status = lh_scratch(context, sizeof(forward_scratch));
    if (status != LH_OK) {
        return status;
    }
    forward_job job = {context, q, k, v, out, lse, positions, heads, kv_heads, dim,
                       (positions + BLOCK - 1) / BLOCK, rule_of(scale, cap, window)};
    lh_pool_run(context->pool, forward_task, &job, job.blocks * heads);
    return LH_OK;
}
