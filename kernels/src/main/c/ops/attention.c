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
 * horizontal sums. Both products use register tiles, see attention_tiles.h; attention_page.h walks a page
 * with them.
 *
 * Order of arithmetic, the same for decode and prefill, any chunking and any neighbours: scores sum
 * over d ascending; pages merge ascending inside a split of 512 positions; splits merge ascending.
 * Page and split borders are absolute positions. A position beyond the query's own, or before its window,
 * gets weight exactly 0, and V rows beyond the block's last position are never read, so that what an earlier
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
 * Since then weights are powers of 2 instead of e, which take half the steps: 0.93 to 0.95 of the time
 * with bf16 KV at 0.5B. From cache, on a quiet core, a page takes 1.3 times what its FMAs alone take;
 * from memory attention takes 1.4 to 2 times what reading alone takes, so computing and reading overlap
 * in part.
 */
#include "attention_page.h"

#define SPLIT LH_SPLIT_POSITIONS
#define BLOCK_QUERIES 48

static void reset(const attention_job *job, char *partials, int32_t queries) {
    for (int32_t q = 0; q < queries; q++) {
        partial *running = partial_at(job, partials, q);
        memset(running, 0, job->partial_bytes);
        running->max = -3.0e38f; /* below any score, yet finite: its difference to itself is 0 */
    }
}

/* Attends to one split of the positions of a block; the partials go to `split`. */
static void attend_split(const attention_job *job, const query_block *block, int32_t kv_head,
                         int32_t split_index, const attention_scratch *scratch, char *split) {
    int32_t end = (split_index + 1) * (SPLIT / P);
    int32_t last_page = last_position(job, block) / P;
    int32_t page = first_position(job, block) / P;
    reset(job, split, block->rows * job->group);
    for (page = page > end - SPLIT / P ? page : end - SPLIT / P; page < end && page <= last_page;
         page++) {
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

/* The first split that a query of the block sees. */
static int32_t first_split(const attention_job *job, const query_block *block) {
    return first_position(job, block) / SPLIT;
}

/* Task: all splits of a block and a kv head. */
static void walk_task(void *argument, int64_t index, int32_t thread) {
    const attention_job *job = argument;
    const query_block *block = &job->blocks[index / job->kv->kv_heads];
    int32_t kv_head = (int32_t)(index % job->kv->kv_heads);
    int32_t queries = block->rows * job->group;
    attention_scratch scratch = carve(job, thread);
    int32_t first = first_split(job, block);
    load_queries(job, block, kv_head, scratch.queries);
    attend_split(job, block, kv_head, first, &scratch, scratch.total);
    for (int32_t s = first + 1; s <= last_position(job, block) / SPLIT; s++) {
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

/* Task: one split of a block and a kv head. */
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
    int32_t split = first_split(job, block) + (int32_t)(task - block->first_task);
    attend_split(job, block, kv_head, split, &scratch, partials_of(job, task, kv_head));
}

/* Task: merges the splits of a block and a kv head. */
static void merge_task(void *argument, int64_t index, int32_t thread) {
    const attention_job *job = argument;
    const query_block *block = &job->blocks[index / job->kv->kv_heads];
    int32_t kv_head = (int32_t)(index % job->kv->kv_heads);
    int32_t first = first_split(job, block);
    (void)thread;
    for (int32_t q = 0; q < block->rows * job->group; q++) {
        partial *total = partial_at(job, partials_of(job, block->first_task, kv_head), q);
        for (int32_t s = 1; first + s <= position_of(job, block, q) / SPLIT; s++) {
            merge(total, partial_at(job, partials_of(job, block->first_task + s, kv_head), q),
                  job->kv->head_dim);
        }
        put(job, block, kv_head, q, total);
    }
}

/* Cuts the rows into blocks; returns the total number of splits. */
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
        tasks += last_position(job, block) / SPLIT - first_split(job, block) + 1;
        if (block->rows * job->group > job->queries_max) {
            job->queries_max = block->rows * job->group;
        }
    }
    return tasks;
}

int32_t LH_NAME(lh_attention)(lh_context *context, const float *qkv, int32_t heads, float scale,
                              float cap, int32_t window, const lh_batch *batch, const lh_kv *kv,
                              int32_t layer, float *out) {
    attention_job job = {.context = context, .qkv = qkv, .batch = batch, .kv = kv, .out = out,
                         .heads = heads, .layer = layer, .group = heads / kv->kv_heads,
                         .window = window > 0 ? window : INT32_MAX, .cap = cap * LOG2_E,
                         .query_scale = cap > 0 ? scale / cap : scale * LOG2_E,
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
