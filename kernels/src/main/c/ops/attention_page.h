/*
 * One page of keys and values for one block of queries: all scores, their softmax, all sums of values;
 * attention.c has the notation and the order of arithmetic.
 */
#ifndef LH_ATTENTION_PAGE_H
#define LH_ATTENTION_PAGE_H

#include "attention_job.h"

/* Steps that the tiles of some queries take over `columns` columns of one row of a page. */
static int32_t tile_steps(int32_t queries, int32_t columns) {
    int32_t steps = 0;
    for (int32_t count; queries > 0; queries -= count) {
        count = tile_count(queries);
        steps += (columns + tile_pairs(count) * PAIR - 1) / (tile_pairs(count) * PAIR);
    }
    return steps;
}

static fetch_ahead fetch_over(const char *from, size_t bytes, int32_t steps) {
    return (fetch_ahead){from, (bytes + steps - 1) / steps};
}

ALWAYS_INLINE void score_columns(const float *queries, int64_t stride, const char *keys,
                                 int32_t dtype, int32_t dim, int32_t columns, float *scores,
                                 fetch_ahead *ahead, int count) {
    int pairs = tile_pairs(count);
    for (int32_t c = 0; c < columns; c += pairs * PAIR) {
        const char *from = keys + c * kv_bytes(dtype);
        score_tile(queries, stride, from, dtype, dim, scores + c, ahead, count, pairs);
    }
}

/* Scores of queries against the first `columns` positions of a page, or a few more. */
ALWAYS_INLINE void score_page(const float *queries, int64_t stride, int32_t count, const char *keys,
                              int32_t dtype, int32_t dim, int32_t columns, float *scores,
                              fetch_ahead *ahead) {
    for (int32_t taken; count > 0; count -= taken) {
        taken = tile_count(count);
#define SCORES(n) score_columns(queries, stride, keys, dtype, dim, columns, scores, ahead, n)
        switch (taken) {
            case 1: SCORES(1); break;
            case 2: SCORES(2); break;
            case 3: SCORES(3); break;
            case 4: SCORES(4); break;
            case 5: SCORES(5); break;
            default: SCORES(6); break;
        }
#undef SCORES
        queries += taken;
        scores += taken * P;
    }
}

/* Bounds scores in base 2 to the cap; scores are the arguments of its tanh. */
static void cap_scores(float *scores, int32_t queries, float cap) {
    for (int32_t i = 0; i < queries * P; i += W) {
        v_store(scores + i, v_tanh(v_load(scores + i)) * v_set1(cap));
    }
}

/* Softmax and mix of a tile of queries; query q sees positions hidden[q] to own[q] - 1 of the page. */
ALWAYS_INLINE void mix_queries(partial *const *running, const int32_t *hidden,
                               const int32_t *own, float *weights,
                               const lh_kv *kv, char *values, int32_t dtype,
                               int32_t positions, fetch_ahead *ahead, int count) {
    float shrink[TILE_QUERIES];
    int32_t dim = kv->head_dim;
    weigh(weights, hidden, own, running, shrink, count);
    if (dtype == LH_INT8) {
        const uint16_t *scales = value_scales(kv, values);
        mix_int8(running, shrink, weights, values, scales, dim, positions, ahead, count);
    } else {
        mix_columns(running, 0, dim, shrink, weights, values, dtype, dim, positions, ahead, count);
    }
}

/* A page as seen by a block of queries. */
typedef struct {
    const char *keys;
    char *values;
    int32_t start; /* its first position */
    int32_t valid; /* positions that the block's last query sees */
    int32_t first; /* first query that reaches the page; rows ascend, so earlier queries do not */
    int32_t queries; /* of the block */
} page_view;

ALWAYS_INLINE void mix_page(const attention_job *job, const query_block *block,
                            const page_view *page, int32_t dtype, float *weights, char *split,
                            fetch_ahead *ahead) {
    for (int32_t q = page->first, count; q < page->queries; q += count) {
        partial *running[TILE_QUERIES];
        int32_t hidden[TILE_QUERIES];
        int32_t own[TILE_QUERIES];
        count = tile_count(page->queries - q);
        for (int32_t i = 0; i < count; i++) {
            int32_t position = position_of(job, block, q + i);
            int32_t reached = position - page->start + 1;
            int32_t unseen = window_start(job, position) - page->start;
            hidden[i] = unseen < 0 ? 0 : unseen < P ? unseen : P;
            own[i] = reached < P ? reached : P;
            running[i] = partial_at(job, split, q + i);
        }
#define MIX(n) \
    mix_queries(running, hidden, own, weights, job->kv, page->values, dtype, page->valid, ahead, n)
        switch (count) {
            case 1: MIX(1); break;
            case 2: MIX(2); break;
            case 3: MIX(3); break;
            case 4: MIX(4); break;
            case 5: MIX(5); break;
            default: MIX(6); break;
        }
#undef MIX
        weights += count * P;
    }
}

/* Attends to one page for every query of a block that reaches it. */
static void attend_page(const attention_job *job, const query_block *block, int32_t kv_head,
                        int32_t number, const attention_scratch *scratch, char *split) {
    const lh_kv *kv = job->kv;
    int32_t dim = kv->head_dim;
    const int32_t *table = job->batch->page_tables
                           + (int64_t)job->batch->sequences[block->row]
                                 * job->batch->pages_per_sequence;
    size_t tile = tile_index(kv, job->layer, table[number], kv_head);
    int32_t reach = last_position(job, block) - number * P + 1;
    page_view page = {.keys = key_tile(kv, tile), .values = value_tile(kv, tile),
                      .start = number * P, .valid = reach < P ? reach : P,
                      .queries = block->rows * job->group};
    while (position_of(job, block, page.first) < page.start) {
        page.first++;
    }
    int32_t queries = page.queries - page.first;
    fetch_ahead values_ahead = fetch_over(page.values, value_tile_bytes(kv),
                                          tile_steps(queries, page.valid) * dim);
    int32_t next = number < last_position(job, block) / P ? number + 1 : number;
    fetch_ahead keys_ahead = fetch_over(
        key_tile(kv, tile_index(kv, job->layer, table[next], kv_head)), key_tile_bytes(kv),
        tile_steps(queries, dim) * page.valid);
    const float *from = scratch->queries + page.first;
    int32_t stride = query_stride(job);
#define ATTEND(key_dtype, value_dtype)                                                           \
    score_page(from, stride, queries, page.keys, key_dtype, dim, page.valid, scratch->scores,   \
               &values_ahead);                                                                   \
    if (job->cap > 0) {                                                                          \
        cap_scores(scratch->scores, queries, job->cap);                                          \
    }                                                                                            \
    mix_page(job, block, &page, value_dtype, scratch->scores, split, &keys_ahead)
    switch (kv->dtype) {
        case LH_F32: ATTEND(LH_F32, LH_F32); break;
        case LH_BF16: ATTEND(LH_BF16, LH_BF16); break;
        default: ATTEND(LH_BF16, LH_INT8); break;
    }
#undef ATTEND
}

#endif
