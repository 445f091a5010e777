/*
 * Causal grouped-query attention over paged KV, online softmax (Milakov and Gimelshein, 2018; Dao
 * et al., 2022). Notation: D head size, P = 64 positions per page, G query heads per key/value head;
 * K page tile [D, P] (transposed), V page tile [P, D], both f32 or bf16.
 *
 * A unit of work is a block of queries: consecutive rows of one sequence times the G heads that
 * share a key/value head. For each page the block computes all scores, then all P*V sums, so every K
 * and V element is loaded from memory (and widened, if bf16) once for all of them; with one query
 * head at a time the cache would see each row G times, which is where other CPU engines lose 16-26x
 * over the bandwidth floor at 16k positions.
 *
 * Keys are transposed so that 64 scores are vectors along positions: q[d] is broadcast, no
 * horizontal sums. Both products use register tiles of 4 queries x 16 columns: per step 2 vector
 * loads and 4 broadcasts for 8 FMAs (AVX2), bound by the FMA ports.
 *
 * Order of arithmetic, the same for decode and prefill, any chunking and any neighbours: scores sum
 * over d ascending; pages merge ascending inside a split of 512 positions; splits merge ascending.
 * Page and split borders are absolute positions. A position beyond the query's own gets weight
 * exactly 0, and V rows beyond the block's last position are never read, so that what an earlier
 * owner left in a page cannot leak. Long decodes run the splits of a block as separate tasks and
 * merge them afterwards, prompts walk their splits in one task: same functions, same bits.
 */
#include "lanes.h"

#define P LH_PAGE_POSITIONS
#define SPLIT LH_SPLIT_POSITIONS
#define TILE_QUERIES 4
#define COLUMNS 16 /* of a register tile: NV native vectors */
#define BLOCK_QUERIES 48
#define MASKED (-INFINITY)

/* Running softmax of one query: max, sum of weights, and head_dim mixed values. */
typedef struct {
    float max;
    float sum;
    float mixed[];
} partial;

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
    int32_t block_count;
    int32_t heads;
    int32_t layer;
    int32_t group;
    int32_t queries_max; /* of a block */
    size_t partial_bytes;
} attention_job;

/* The scratch of one thread, carved from its slice. */
typedef struct {
    float *queries;  /* [queries, D] scaled by 1/sqrt(D) */
    float *scores;   /* [queries, P] */
    float *keys;     /* [D, P] widened */
    float *values;   /* [P, D] widened */
    char *split;     /* partials of one split */
    char *total;     /* partials of the splits so far */
} attention_scratch;

static size_t round_up(size_t bytes) { return (bytes + 63) / 64 * 64; }

static size_t scratch_bytes(const attention_job *job) {
    size_t dim = (size_t)job->kv->head_dim;
    size_t queries = (size_t)job->queries_max + TILE_QUERIES;
    return round_up(queries * dim * 4) + round_up(queries * P * 4) + 2 * round_up(P * dim * 4)
           + 2 * queries * job->partial_bytes;
}

static attention_scratch carve(const attention_job *job, int32_t thread) {
    size_t dim = (size_t)job->kv->head_dim;
    size_t queries = (size_t)job->queries_max + TILE_QUERIES;
    char *at = lh_scratch_of(job->context, thread);
    attention_scratch scratch;
    scratch.queries = (float *)at;
    at += round_up(queries * dim * 4);
    scratch.scores = (float *)at;
    at += round_up(queries * P * 4);
    scratch.keys = (float *)at;
    at += round_up(P * dim * 4);
    scratch.values = (float *)at;
    at += round_up(P * dim * 4);
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

/* Copies the queries of a block, row-major by (row, head of the group). */
static void load_queries(const attention_job *job, const query_block *block, int32_t kv_head,
                         float *to) {
    int32_t dim = job->kv->head_dim;
    int64_t stride = (int64_t)(job->heads + 2 * job->kv->kv_heads) * dim;
    float scale = 1 / sqrtf((float)dim);
    for (int32_t r = 0; r < block->rows; r++) {
        const float *from = job->qkv + (block->row + r) * stride
                            + (int64_t)kv_head * job->group * dim;
        for (int32_t i = 0; i < job->group * dim; i++) {
            *to++ = from[i] * scale;
        }
    }
}

/* The tile of a page as f32: in place, or widened into scratch. */
static const float *widened(const void *base, int32_t dtype, int64_t at, int32_t count,
                            float *scratch) {
    if (dtype == LH_F32) {
        return (const float *)base + at;
    }
    const uint16_t *from = (const uint16_t *)base + at;
    int32_t i = 0;
    for (; i + W <= count; i += W) {
        v_store(scratch + i, v_widen(from, LH_BF16, i));
    }
    for (; i < count; i++) {
        scratch[i] = bf16_to_f32(from[i]);
    }
    return scratch;
}

/*
 * Memory to be fetched while something else is computed. The tiles of a page are read in stripes,
 * which hardware prefetchers do not follow; one line asked for per step of the loops below keeps
 * the next tile coming. Without it f32 pages were read at 9 GB/s where 26 were to be had.
 */
typedef struct {
    const char *next;
    const char *end;
} fetch_ahead;

ALWAYS_INLINE void fetch_line(fetch_ahead *ahead) {
    __builtin_prefetch(ahead->next);
    ahead->next += ahead->next < ahead->end ? 64 : 0;
}

/* scores[q, c..c+16] = sum_d queries[q, d] keys[d, c..c+16] */
ALWAYS_INLINE void score_tile(const float *queries, const float *keys, int32_t dim, float *scores,
                              int32_t count, fetch_ahead *ahead) {
    vf sums[TILE_QUERIES][NV];
    for (int q = 0; q < count; q++) {
        for (int v = 0; v < NV; v++) {
            sums[q][v] = v_zero();
        }
    }
    for (int32_t d = 0; d < dim; d++) {
        vf key[NV];
        fetch_line(ahead);
        for (int v = 0; v < NV; v++) {
            key[v] = v_load(keys + d * P + v * W);
        }
        for (int q = 0; q < count; q++) {
            vf query = v_set1(queries[q * dim + d]);
            for (int v = 0; v < NV; v++) {
                sums[q][v] = v_fma(query, key[v], sums[q][v]);
            }
        }
    }
    for (int q = 0; q < count; q++) {
        for (int v = 0; v < NV; v++) {
            v_store(scores + q * P + v * W, sums[q][v]);
        }
    }
}

static void score_page(const float *queries, int32_t count, const float *keys, int32_t dim,
                       int32_t columns, float *scores, fetch_ahead *ahead) {
    for (int32_t q = 0; q < count; q += TILE_QUERIES) {
        for (int32_t c = 0; c < columns; c += COLUMNS) {
            const float *from = queries + (int64_t)q * dim;
            float *to = scores + q * P + c;
            switch (count - q) {
                case 1: score_tile(from, keys + c, dim, to, 1, ahead); break;
                case 2: score_tile(from, keys + c, dim, to, 2, ahead); break;
                case 3: score_tile(from, keys + c, dim, to, 3, ahead); break;
                default: score_tile(from, keys + c, dim, to, 4, ahead); break;
            }
        }
    }
}

/*
 * Turns the 64 scores of each query into weights against its new running maximum; shrink tells by
 * how much the old sums shrink. Scores from valid[q] on are masked. Queries advance side by side: an
 * exponential is a chain of a dozen dependent operations, and four chains hide each other's latency.
 */
ALWAYS_INLINE void weigh(float *scores, const int32_t *valid, partial *const *running,
                         float *shrink, int32_t count) {
    vf sums[TILE_QUERIES][NV];
    float new_max[TILE_QUERIES];
    float step[W] = {0};
    for (int q = 0; q < count; q++) {
        vf max = v_set1(running[q]->max);
        for (int32_t i = valid[q]; i < P; i++) {
            scores[q * P + i] = MASKED;
        }
        for (int32_t i = 0; i < P; i += W) {
            max = v_max(max, v_load(scores + q * P + i));
        }
        new_max[q] = max[0];
        for (int i = 1; i < W; i++) {
            new_max[q] = max[i] > new_max[q] ? max[i] : new_max[q];
        }
        step[q] = running[q]->max - new_max[q];
        for (int v = 0; v < NV; v++) {
            sums[q][v] = v_zero();
        }
    }
    for (int32_t i = 0; i < P; i += COLUMNS) {
        for (int v = 0; v < NV; v++) {
            for (int q = 0; q < count; q++) {
                float *at = scores + q * P + i + v * W;
                vf weight = v_exp(v_load(at) - v_set1(new_max[q]));
                v_store(at, weight);
                sums[q][v] += weight;
            }
        }
    }
    vf shrinks = v_exp(v_load(step));
    for (int q = 0; q < count; q++) {
        shrink[q] = shrinks[q];
        running[q]->sum = running[q]->sum * shrink[q] + lane_sum(sums[q]);
        running[q]->max = new_max[q];
    }
}

/* mixed[q, c..c+16] = mixed * shrink[q] + sum_j weights[q, j] values[j, c..c+16] */
ALWAYS_INLINE void mix_tile(float *const *mixed, const float *shrink, const float *weights,
                            const float *values, int32_t dim, int32_t positions,
                            fetch_ahead *ahead, int32_t count, int32_t vectors) {
    vf sums[TILE_QUERIES][NV];
    for (int q = 0; q < count; q++) {
        for (int v = 0; v < vectors; v++) {
            sums[q][v] = v_load(mixed[q] + v * W) * v_set1(shrink[q]);
        }
    }
    for (int32_t j = 0; j < positions; j++) {
        vf value[NV];
        fetch_line(ahead);
        for (int v = 0; v < vectors; v++) {
            value[v] = v_load(values + (int64_t)j * dim + v * W);
        }
        for (int q = 0; q < count; q++) {
            vf weight = v_set1(weights[q * P + j]);
            for (int v = 0; v < vectors; v++) {
                sums[q][v] = v_fma(weight, value[v], sums[q][v]);
            }
        }
    }
    for (int q = 0; q < count; q++) {
        for (int v = 0; v < vectors; v++) {
            v_store(mixed[q] + v * W, sums[q][v]);
        }
    }
}

/* The columns that fill no native vector: head sizes that are no multiple of W. */
static void mix_column(float *mixed, float shrink, const float *weights, const float *values,
                       int32_t dim, int32_t positions) {
    float sum = *mixed * shrink;
    for (int32_t j = 0; j < positions; j++) {
        sum += weights[j] * values[(int64_t)j * dim];
    }
    *mixed = sum;
}

/* Softmax and mix of a tile of queries; query q sees own[q] positions of the page. */
ALWAYS_INLINE void mix_queries(partial *const *running, const int32_t *own, float *weights,
                               const float *values, int32_t dim, int32_t positions,
                               fetch_ahead *ahead, int32_t count) {
    float *mixed[TILE_QUERIES];
    float shrink[TILE_QUERIES];
    weigh(weights, own, running, shrink, count);
    int32_t c = 0;
    for (; c + COLUMNS <= dim; c += COLUMNS) {
        for (int q = 0; q < count; q++) {
            mixed[q] = running[q]->mixed + c;
        }
        mix_tile(mixed, shrink, weights, values + c, dim, positions, ahead, count, NV);
    }
    for (; c + W <= dim; c += W) {
        for (int q = 0; q < count; q++) {
            mixed[q] = running[q]->mixed + c;
        }
        mix_tile(mixed, shrink, weights, values + c, dim, positions, ahead, count, 1);
    }
    for (; c < dim; c++) {
        for (int q = 0; q < count; q++) {
            mix_column(running[q]->mixed + c, shrink[q], weights + q * P, values + c, dim,
                       positions);
        }
    }
}

/* Element index of the tile of a page. */
static int64_t tile_at(const attention_job *job, int32_t page, int32_t kv_head) {
    const lh_kv *kv = job->kv;
    return (((int64_t)job->layer * kv->pages + page) * kv->kv_heads + kv_head) * kv->head_dim * P;
}

static fetch_ahead ahead_of(const lh_kv *kv, const void *base, int64_t tile) {
    const char *from = (const char *)base + tile * dtype_bytes(kv->dtype);
    return (fetch_ahead){from, from + (int64_t)kv->head_dim * P * dtype_bytes(kv->dtype) - 64};
}

/* One page of one block: every query that reaches it. */
static void attend_page(const attention_job *job, const query_block *block, int32_t kv_head,
                        int32_t page, const attention_scratch *scratch, char *split) {
    const lh_kv *kv = job->kv;
    int32_t dim = kv->head_dim;
    const int32_t *table = job->batch->page_tables
                           + (int64_t)job->batch->sequences[block->row]
                                 * job->batch->pages_per_sequence;
    int64_t tile = tile_at(job, table[page], kv_head);
    int32_t next_page = page < last_position(job, block) / P ? page + 1 : page;
    fetch_ahead values_ahead = ahead_of(kv, kv->values, tile);
    fetch_ahead keys_ahead = ahead_of(kv, kv->keys, tile_at(job, table[next_page], kv_head));
    int32_t start = page * P;
    int32_t first = 0; /* rows ascend, so the queries that do not reach the page come first */
    while (position_of(job, block, first) < start) {
        first++;
    }
    int32_t reach = last_position(job, block) - start + 1;
    int32_t valid = reach < P ? reach : P;
    int32_t columns = (valid + COLUMNS - 1) / COLUMNS * COLUMNS;
    const float *keys = widened(kv->keys, kv->dtype, tile, dim * P, scratch->keys);
    int32_t queries = block->rows * job->group;
    score_page(scratch->queries + (int64_t)first * dim, queries - first, keys, dim, columns,
               scratch->scores, &values_ahead);
    const float *values = widened(kv->values, kv->dtype, tile, valid * dim, scratch->values);
    for (int32_t q = first; q < queries; q += TILE_QUERIES) {
        int32_t count = queries - q < TILE_QUERIES ? queries - q : TILE_QUERIES;
        partial *running[TILE_QUERIES];
        int32_t own[TILE_QUERIES];
        float *weights = scratch->scores + (q - first) * P;
        for (int32_t i = 0; i < count; i++) {
            int32_t reached = position_of(job, block, q + i) - start + 1;
            own[i] = reached < P ? reached : P;
            running[i] = partial_at(job, split, q + i);
        }
        switch (count) {
            case 1: mix_queries(running, own, weights, values, dim, valid, &keys_ahead, 1); break;
            case 2: mix_queries(running, own, weights, values, dim, valid, &keys_ahead, 2); break;
            case 3: mix_queries(running, own, weights, values, dim, valid, &keys_ahead, 3); break;
            default: mix_queries(running, own, weights, values, dim, valid, &keys_ahead, 4); break;
        }
    }
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
    float max = total->max > split->max ? total->max : split->max;
    float keep = exp1(total->max - max);
    float add = exp1(split->max - max);
    total->max = max;
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
    for (int32_t i = 0; i < dim; i++) {
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
    load_queries(job, block, kv_head, scratch.queries);
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
        if (lh_shared(context, blocks_bytes + partials) != LH_OK) {
            return LH_OUT_OF_MEMORY;
        }
        cut(&job, (query_block *)context->shared);
        job.partials = context->shared + blocks_bytes;
    }
    job.blocks = (query_block *)context->shared;
    if (lh_scratch(context, scratch_bytes(&job)) != LH_OK) {
        return LH_OUT_OF_MEMORY;
    }
    if (by_split) {
        lh_pool_run(context->pool, split_task, &job, (int64_t)splits * kv->kv_heads);
        lh_pool_run(context->pool, merge_task, &job, walks);
    } else {
        lh_pool_run(context->pool, walk_task, &job, walks);
    }
    return LH_OK;
}
