/*
 * Causal grouped-query attention over paged KV, online softmax (Milakov and Gimelshein, 2018; Dao
 * et al., 2022). Notation: D head size, P = 64 positions per page, G query heads per key/value head;
 * K page tile [D, P] (transposed), V page tile [P, D]; kv.h has their formats.
 *
 * A unit of work is a block of queries: consecutive rows of one sequence times the G heads that
 * share a key/value head. For each page the block computes all scores, then all P*V sums, so every K
 * and V element is loaded from memory once for all of them; with one query head at a time the cache
 * would see each row G times, which is where other CPU engines lose 16-26x over the bandwidth floor
 * at 16k positions.
 *
 * Keys are transposed so that 64 scores are vectors along positions: q[d] is broadcast, no
 * horizontal sums. Both products use register tiles, see attention_tiles.h.
 *
 * Order of arithmetic, the same for decode and prefill, any chunking and any neighbours: scores sum
 * over d ascending; pages merge ascending inside a split of 512 positions; splits merge ascending.
 * Page and split borders are absolute positions. A position beyond the query's own gets weight
 * exactly 0, and V rows beyond the block's last position are never read, so that what an earlier
 * owner left in a page cannot leak. Long decodes run the splits of a block as separate tasks and
 * merge them afterwards, prompts walk their splits in one task: same functions, same bits.
 *
 * Milliseconds per token in all layers, two Zen 3 cores (AVX2) beside busy neighbours, and the share
 * of the bandwidth of the same minute (14 to 23 GB/s); "before": 4 x 16 tiles, widening in memory.
 *
 *   shape (G, D), positions     f32 before, now      bf16 before, now     int8
 *   0.5B (7, 64)    4,096        7.5    5.8 (75 %)    7.8    5.1 (42 %)    4.3 (40 %)
 *   0.5B (7, 64)   16,384       35.4   28.1 (87 %)   34.8   21.8 (67 %)   20.9 (52 %)
 *   1.5B (6, 128)   4,096       21.6   19.5 (83 %)   17.9    9.0 (85 %)    7.7 (72 %)
 *   1.5B (6, 128)  16,384       68.1   58.8 (76 %)   56.4   26.8 (81 %)   25.5 (63 %)
 *
 * Since then weights are powers of two, not of e, with half the steps: 0.93 to 0.95 of the time of bf16
 * KV at 0.5B. From cache, on a quiet core, a page takes 1.3 times what its FMAs alone take; from memory
 * attention takes 1.4 to 2 times what reading alone takes, so computing and reading overlap in part.
 */
#include "attention_tiles.h"

#define SPLIT LH_SPLIT_POSITIONS
#define BLOCK_QUERIES 48
#define LOG2_E 1.44269504f /* in the queries, so that e^score is 2^(their product) */

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
    char *queries;  /* [block][kv head] as of a scratch, when splits are tasks */
    int32_t block_count;
    int32_t heads;
    int32_t layer;
    int32_t group;
    int32_t queries_max; /* of a block */
    size_t partial_bytes;
} attention_job;

/* The scratch of one thread, carved from its slice. */
typedef struct {
    float *queries;  /* [D, query_stride] times log2(e) / sqrt(D) */
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

/* Transposes the queries of a block, ordered by (row, head of the group). */
static void load_queries(const attention_job *job, const query_block *block, int32_t kv_head,
                         float *to) {
    int32_t dim = job->kv->head_dim;
    int32_t stride = query_stride(job);
    int64_t width = (int64_t)(job->heads + 2 * job->kv->kv_heads) * dim;
    float scale = LOG2_E / sqrtf((float)dim);
    for (int32_t q = 0; q < block->rows * job->group; q++) {
        const float *from = job->qkv + (block->row + q / job->group) * width
                            + (int64_t)(kv_head * job->group + q % job->group) * dim;
        for (int32_t d = 0; d < dim; d++) {
            to[(int64_t)d * stride + q] = from[d] * scale;
        }
    }
}

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

/* Softmax and mix of a tile of queries; query q sees own[q] positions of the page. */
ALWAYS_INLINE void mix_queries(partial *const *running, const int32_t *own, float *weights,
                               const lh_kv *kv, char *values, int32_t dtype,
                               int32_t positions, fetch_ahead *ahead, int count) {
    float shrink[TILE_QUERIES];
    int32_t dim = kv->head_dim;
    weigh(weights, own, running, shrink, count);
    if (dtype == LH_INT8) {
        const uint16_t *scales = value_scales(kv, values);
        mix_int8(running, shrink, weights, values, scales, dim, positions, ahead, count);
    } else {
        mix_columns(running, 0, dim, shrink, weights, values, dtype, dim, positions, ahead, count);
    }
}

/* A page as a block of queries meets it. */
typedef struct {
    const char *keys;
    char *values;
    int32_t start; /* its first position */
    int32_t valid; /* positions that the block's last query sees */
    int32_t first; /* query that reaches the page: rows ascend, so the others come before */
    int32_t queries; /* of the block */
} page_view;

ALWAYS_INLINE void mix_page(const attention_job *job, const query_block *block,
                            const page_view *page, int32_t dtype, float *weights, char *split,
                            fetch_ahead *ahead) {
    for (int32_t q = page->first, count; q < page->queries; q += count) {
        partial *running[TILE_QUERIES];
        int32_t own[TILE_QUERIES];
        count = tile_count(page->queries - q);
        for (int32_t i = 0; i < count; i++) {
            int32_t reached = position_of(job, block, q + i) - page->start + 1;
            own[i] = reached < P ? reached : P;
            running[i] = partial_at(job, split, q + i);
        }
#define MIX(n) mix_queries(running, own, weights, job->kv, page->values, dtype, page->valid, ahead, n)
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

/* One page of one block: every query that reaches it. */
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
    mix_page(job, block, &page, value_dtype, scratch->scores, split, &keys_ahead)
    switch (kv->dtype) {
        case LH_F32: ATTEND(LH_F32, LH_F32); break;
        case LH_BF16: ATTEND(LH_BF16, LH_BF16); break;
        default: ATTEND(LH_BF16, LH_INT8); break;
    }
#undef ATTEND
}

static void reset(const attention_job *job, char *partials, int32_t queries) {
    for (int32_t q = 0; q < queries; q++) {
        partial *running = partial_at(job, partials, q);
        memset(running, 0, job->partial_bytes);
        running->max = -3.0e38f; /* below any score, yet finite: its difference to itself is 0 */
    }
}

/* One split of one block, into `split`. */
static void attend_split(const attention_job *job, const query_block *block, int32_t kv_head,
                         int32_t split_index, const attention_scratch *scratch, char *split) {
    int32_t first_page = split_index * (SPLIT / P);
    int32_t last_page = last_position(job, block) / P;
    reset(job, split, block->rows * job->group);
    for (int32_t page = first_page; page < first_page + SPLIT / P && page <= last_page; page++) {
        attend_page(job, block, kv_head, page, scratch, split);
    }
}

/* Adds a later split to the total of one query. */
static void merge(partial *total, const partial *split, int32_t dim) {
    int raised = split->max > total->max;
    float less = exp2_of_one(-fabsf(split->max - total->max));
    float keep = raised ? less : 1;
    float add = raised ? 1 : less;
    total->max = raised ? split->max : total->max;
    total->sum = total->sum * keep + split->sum * add;
    for (int32_t i = 0; i < dim; i++) {
        total->mixed[i] = total->mixed[i] * keep + split->mixed[i] * add;
    }
}

static void put(const attention_job *job, const query_block *block, int32_t kv_head, int32_t query,
                const partial *total) {
    int32_t dim = job->kv->head_dim;
    int32_t row = block->row + query / job->group;
    int32_t head = kv_head * job->group + query % job->group;
    float *out = job->out + ((int64_t)row * job->heads + head) * dim;
    int32_t i = 0;
    for (; i + PAIR <= dim; i += PAIR) {
        vf sum = v_set1(total->sum);
        pair mixed = {v_load(total->mixed + i) / sum, v_load(total->mixed + i + W) / sum};
        store_pair(out + i, job->kv->dtype, mixed);
    }
    for (; i < dim; i++) {
        out[i] = total->mixed[i] / total->sum;
    }
}

/* A block and a kv head, all splits. */
static void walk_task(void *argument, int64_t index, int32_t thread) {
    const attention_job *job = argument;
    const query_block *block = &job->blocks[index / job->kv->kv_heads];
    int32_t kv_head = (int32_t)(index % job->kv->kv_heads);
    int32_t queries = block->rows * job->group;
    attention_scratch scratch = carve(job, thread);
    load_queries(job, block, kv_head, scratch.queries);
    attend_split(job, block, kv_head, 0, &scratch, scratch.total);
    for (int32_t s = 1; s <= last_position(job, block) / SPLIT; s++) {
        attend_split(job, block, kv_head, s, &scratch, scratch.split);
        for (int32_t q = 0; q < queries; q++) {
            if (position_of(job, block, q) >= s * SPLIT) {
                merge(partial_at(job, scratch.total, q), partial_at(job, scratch.split, q),
                      job->kv->head_dim);
            }
        }
    }
    for (int32_t q = 0; q < queries; q++) {
        put(job, block, kv_head, q, partial_at(job, scratch.total, q));
    }
}

static char *partials_of(const attention_job *job, int64_t task, int32_t kv_head) {
    return job->partials
           + (size_t)(task * job->kv->kv_heads + kv_head) * (size_t)job->queries_max
                 * job->partial_bytes;
}

/* The queries that the splits of a block and a kv head share. */
static float *queries_of(const attention_job *job, const query_block *block, int32_t kv_head) {
    int64_t walk = (block - job->blocks) * job->kv->kv_heads + kv_head;
    return (float *)(job->queries + (size_t)walk * queries_bytes(job));
}

static void load_all_queries(const attention_job *job) {
    for (const query_block *block = job->blocks; block < job->blocks + job->block_count; block++) {
        for (int32_t kv_head = 0; kv_head < job->kv->kv_heads; kv_head++) {
            load_queries(job, block, kv_head, queries_of(job, block, kv_head));
        }
    }
}

/* One split of a block and a kv head. */
static void split_task(void *argument, int64_t index, int32_t thread) {
    const attention_job *job = argument;
    int32_t kv_head = (int32_t)(index % job->kv->kv_heads);
    int64_t task = index / job->kv->kv_heads;
    const query_block *block = job->blocks;
    while (block + 1 < job->blocks + job->block_count && block[1].first_task <= task) {
        block++;
    }
    attention_scratch scratch = carve(job, thread);
    scratch.queries = queries_of(job, block, kv_head);
    attend_split(job, block, kv_head, (int32_t)(task - block->first_task), &scratch,
                 partials_of(job, task, kv_head));
}

/* Merges the splits of a block and a kv head. */
static void merge_task(void *argument, int64_t index, int32_t thread) {
    const attention_job *job = argument;
    const query_block *block = &job->blocks[index / job->kv->kv_heads];
    int32_t kv_head = (int32_t)(index % job->kv->kv_heads);
    (void)thread;
    for (int32_t q = 0; q < block->rows * job->group; q++) {
        partial *total = partial_at(job, partials_of(job, block->first_task, kv_head), q);
        for (int32_t s = 1; s <= position_of(job, block, q) / SPLIT; s++) {
            merge(total, partial_at(job, partials_of(job, block->first_task + s, kv_head), q),
                  job->kv->head_dim);
        }
        put(job, block, kv_head, q, total);
    }
}

/* Cuts the rows into blocks; returns how many splits they have together. */
static int32_t cut(attention_job *job, query_block *blocks) {
    const lh_batch *batch = job->batch;
    int32_t rows_max = BLOCK_QUERIES / job->group > 1 ? BLOCK_QUERIES / job->group : 1;
    int32_t tasks = 0;
    int32_t row = 0;
    job->block_count = 0;
    job->queries_max = 0;
    while (row < batch->rows) {
        query_block *block = &blocks[job->block_count++];
        *block = (query_block){row, 1, tasks};
        while (block->rows < rows_max && row + block->rows < batch->rows
               && batch->sequences[row + block->rows] == batch->sequences[row]
               && batch->positions[row + block->rows] == batch->positions[row] + block->rows) {
            block->rows++;
        }
        row += block->rows;
        tasks += last_position(job, block) / SPLIT + 1;
        if (block->rows * job->group > job->queries_max) {
            job->queries_max = block->rows * job->group;
        }
    }
    return tasks;
}

int32_t LH_NAME(lh_attention)(lh_context *context, const float *qkv, int32_t heads,
                              const lh_batch *batch, const lh_kv *kv, int32_t layer, float *out) {
    attention_job job = {.context = context, .qkv = qkv, .batch = batch, .kv = kv, .out = out,
                         .heads = heads, .layer = layer, .group = heads / kv->kv_heads,
                         .partial_bytes = round_up(sizeof(partial) + (size_t)kv->head_dim * 4)};
    size_t blocks_bytes = round_up((size_t)batch->rows * sizeof(query_block));
    if (lh_shared(context, blocks_bytes) != LH_OK) {
        return LH_OUT_OF_MEMORY;
    }
    int32_t splits = cut(&job, (query_block *)context->shared);
    /* Enough blocks keep all threads busy; a few long ones are cut into their splits. */
    int64_t walks = (int64_t)job.block_count * kv->kv_heads;
    int by_split = context->threads > 1 && splits > job.block_count && walks < 4 * context->threads;
    if (by_split) {
        size_t partials = (size_t)splits * kv->kv_heads * job.queries_max * job.partial_bytes;
        size_t queries = (size_t)walks * queries_bytes(&job);
        if (lh_shared(context, blocks_bytes + partials + queries) != LH_OK) {
            return LH_OUT_OF_MEMORY;
        }
        cut(&job, (query_block *)context->shared);
        job.partials = context->shared + blocks_bytes;
        job.queries = job.partials + partials;
    }
    job.blocks = (query_block *)context->shared;
    if (lh_scratch(context, scratch_bytes(&job)) != LH_OK) {
        return LH_OUT_OF_MEMORY;
    }
    if (by_split) {
        load_all_queries(&job); /* too little work to share out */
        lh_pool_run(context->pool, split_task, &job, (int64_t)splits * kv->kv_heads);
        lh_pool_run(context->pool, merge_task, &job, walks);
    } else {
        lh_pool_run(context->pool, walk_task, &job, walks);
    }
    return LH_OK;
}
