/*
 * A call of attention: the blocks of queries it is cut into, and the memory that its tasks work in;
 * attention.c has the notation.
 */
#ifndef LH_ATTENTION_JOB_H
#define LH_ATTENTION_JOB_H

#include "attention_tiles.h"

#define LOG2_E 1.44269504f /* factor of the queries, so that e^score is 2^(query . key) */

typedef struct {
    int32_t row;
    int32_t rows;
    int32_t first_task; /* of this block, when splits are tasks */
} query_block;

typedef struct {
    const lh_context *context;
    const float *qkv;
    const lh_batch *batch;
    const lh_kv *kv;
    float *out;
    const query_block *blocks;
    char *partials; /* [first_task of block + split][kv head][query], when splits are tasks */
    char *queries;  /* [block][kv head], each as in a scratch, when splits are tasks */
    int32_t block_count;
    int32_t heads;
    int32_t layer;
    int32_t group;
    int32_t queries_max; /* of a block */
    int32_t window;      /* positions that a query sees, its own included */
    float query_scale;   /* factor of the queries: scores are in base 2, or the arguments of a cap's tanh */
    float cap;           /* of the scores in base 2; 0: none */
    size_t partial_bytes;
} attention_job;

/* The scratch of one thread, carved from its slice. */
typedef struct {
    float *queries;  /* [D, query_stride] times the job's query_scale */
    float *scores;   /* [queries, P] */
    char *split;     /* partials of one split */
    char *total;     /* partials of the splits so far */
} attention_scratch;

static size_t round_up(size_t bytes) { return (bytes + 63) / 64 * 64; }

static int32_t query_stride(const attention_job *job) { return (job->queries_max + 7) / 8 * 8; }

static size_t queries_bytes(const attention_job *job) {
    return round_up((size_t)query_stride(job) * job->kv->head_dim * 4);
}

static size_t scratch_bytes(const attention_job *job) {
    size_t queries = (size_t)job->queries_max;
    return queries_bytes(job) + round_up(queries * P * 4) + 2 * queries * job->partial_bytes;
}

static attention_scratch carve(const attention_job *job, int32_t thread) {
    size_t queries = (size_t)job->queries_max;
    char *at = lh_scratch_of(job->context, thread);
    attention_scratch scratch;
    scratch.queries = (float *)at;
    at += queries_bytes(job);
    scratch.scores = (float *)at;
    at += round_up(queries * P * 4);
    scratch.split = at;
    scratch.total = at + queries * job->partial_bytes;
    return scratch;
}

static partial *partial_at(const attention_job *job, char *base, int32_t query) {
    return (partial *)(base + (size_t)query * job->partial_bytes);
}

static int32_t position_of(const attention_job *job, const query_block *block, int32_t query) {
    return job->batch->positions[block->row + query / job->group];
}

static int32_t last_position(const attention_job *job, const query_block *block) {
    return job->batch->positions[block->row + block->rows - 1];
}

/* The first position that the window of a query leaves visible. */
static int32_t window_start(const attention_job *job, int32_t position) {
    return position >= job->window ? position - job->window + 1 : 0;
}

/* The first position that a query of the block sees: its first row's. */
static int32_t first_position(const attention_job *job, const query_block *block) {
    return window_start(job, job->batch->positions[block->row]);
}

/* Transposes the queries of a block, ordered by (row, head of the group). */
static void load_queries(const attention_job *job, const query_block *block, int32_t kv_head,
                         float *to) {
    int32_t dim = job->kv->head_dim;
    int32_t stride = query_stride(job);
    int64_t width = (int64_t)(job->heads + 2 * job->kv->kv_heads) * dim;
    for (int32_t q = 0; q < block->rows * job->group; q++) {
        const float *from = job->qkv + (block->row + q / job->group) * width
                            + (int64_t)(kv_head * job->group + q % job->group) * dim;
        for (int32_t d = 0; d < dim; d++) {
            to[(int64_t)d * stride + q] = from[d] * job->query_scale;
        }
    }
}

#endif
