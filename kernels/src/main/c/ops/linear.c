/*
 * Linear layers: out[r, o] = sum_k x[r, k] W[o, k] + bias[o] (+ out[r, o]).
 * Notation: R rows of x, K inputs, N outputs; W [N, K] in bf16, f16 or f32, read where it is mapped, or
 * quantised (see linear_quantized.h).
 *
 * Every output has one order of additions, the 16 lanes of lanes.h, so both paths below give the same
 * bits for a row, whatever the other rows are. The dot-product instructions of AVX512-BF16 are not used:
 * they need activations rounded to bf16, and ours are f32.
 *
 * Streaming, R <= STREAM_ROWS (decode): memory-bound, 2 bytes of bf16 per 2R flops. One core at
 * 3 GHz has to take in about 3 weights a cycle to saturate 17 GB/s; a row of W with two 8-lane chains
 * (AVX2) takes 4 a cycle, so weights are widened in registers and each thread walks one sequential
 * stream, which these memory controllers like best (four streams cost 10-50 %). With 2 to 8 rows, a
 * tile of 3 rows x 2 outputs shares every load of x and every widened weight; 4 x 1 was faster for 2
 * and 4 rows (45 and 56 ms a step at the 0.5B shape against 45-53 and 56-66) and slower for 8. When each
 * of two short rows of W (1.8 KB at 896 inputs) prefetched along itself, 2 rows of x read 11.5 GB/s where
 * one row of x read 19.5; prefetching the next pair in order instead gives 17 GB/s, 1.3x at 2 and 3 rows
 * of x, 1.15x at 8 (AVX2). 4 x 3 tiles of one native vector at a time were slower than 3 x 2 of both.
 *
 * Blocked, R > STREAM_ROWS (prefill): compute-bound. A task owns OUTPUTS_PER_TASK rows of W and, per
 * BLOCK_ROWS rows of x, walks K in blocks of KB inputs: it widens its rows of W once into an f32 panel
 * (48 * 512 * 4 = 96 KiB, second-level cache) and runs register tiles over it, PANEL_OUTPUTS outputs
 * at a time (24 KiB, first-level cache). A tile handles one native vector of the 16 lanes (lanes are
 * independent, so their order among each other is free); x is loaded into a named register, since
 * otherwise the compiler folds the load into every use: 15 loads for 12 FMAs instead of 7. The 16 partial
 * lanes of every output wait in L2 between K blocks (96 * 48 * 64 = 288 KiB).
 *
 * Tried, at 512 x 4864 x 896 and 512 x 896 x 4864 on two Zen 5 cores, GFLOP/s in one sitting:
 *                              AVX-512      AVX2
 *   4 x 3 tile, 12 outputs    154, 107   150, 111   every 12 outputs read all of x from L3
 *   named loads, 6 x 4 tile   181, 116   148, 108   (4 x 3 on AVX2)
 *   + 24 outputs, 96 rows     192, 139   151, 121
 *   + 48 outputs, 96 rows     194, 141   153, 130
 *   + 48 outputs, 48 rows     176, 130   153, 120
 *   + 72 outputs, 48 rows     108, 100    78,  73   few tasks for two threads
 *
 * An adapter continues the same sums: W x + scale B A x is one dot product of [W | B] and [x; t], where
 * t = scale A x, so it costs no second reduction, and a row without an adapter keeps its bits. (On
 * quantised weights, whose sums have no lanes, B t is a dot product of its own, added to W x.) All
 * adapters' t are the first tasks of the call; the others begin with W and wait, if at all, where they
 * reach B.
 */
#include "linear_panels.h"

#define ROUNDED_ROWS_PER_TASK 4

static int any_quantized(const lh_matrix *matrices, int32_t count) {
    int any = 0;
    for (int32_t m = 0; m < count; m++) {
        any |= is_quantized(matrices[m].dtype);
    }
    return any;
}

/* Sets the outputs per task. */
static void cut(linear_job *job) {
    job->per_task = OUTPUTS_PER_TASK;
    if (job->rows > STREAM_ROWS) {
        return;
    }
    int32_t dtype = job->matrices[0].dtype;
    int64_t bytes = is_quantized(dtype) ? tile_bytes(dtype, job->inputs) / TILE
                                        : job->inputs * dtype_bytes(dtype);
    job->per_task = (int32_t)(STREAM_TASK_BYTES / bytes);
    job->per_task = job->per_task < 1 ? 1 : job->per_task;
    if (any_quantized(job->matrices, job->matrix_count)) {
        job->per_task = aligned(job->per_task, TILE);
    }
}

static void run_task(const linear_job *job, int64_t index, int32_t thread) {
    linear_slice slice = slice_of(job, index);
    int quantized = is_quantized(slice.matrix->dtype);
    if (job->rows <= STREAM_ROWS) {
        quantized ? stream_quantized_task(job, &slice) : stream_task(job, &slice);
    } else {
        quantized ? block_quantized_task(job, &slice, thread) : block_task(job, &slice, thread);
    }
}

static void plain_task(void *argument, int64_t index, int32_t thread) {
    run_task(argument, index, thread);
}

static void round_task(void *argument, int64_t index, int32_t thread) {
    (void)thread;
    const linear_job *job = argument;
    int64_t row = index * ROUNDED_ROWS_PER_TASK;
    int64_t end = row + ROUNDED_ROWS_PER_TASK < job->rows ? row + ROUNDED_ROWS_PER_TASK : job->rows;
    for (; row < end; row++) {
        round_row(job->x, job->inputs, &job->rounded, row);
    }
}

typedef struct {
    linear_job base;
    lora_shrinks shrinks;
    linear_job *shrink_jobs; /* one per adapter: t = scale A x */
} lora_job;

static void lora_task(void *argument, int64_t index, int32_t thread) {
    lora_job *job = argument;
    if (index >= job->shrinks.tasks) {
        run_task(&job->base, index - job->shrinks.tasks, thread);
        return;
    }
    const linear_job *shrink = job->shrink_jobs;
    while (index >= all_tasks_of(shrink)) {
        index -= all_tasks_of(shrink);
        shrink++;
    }
    run_task(shrink, index, thread);
    atomic_fetch_add_explicit(&job->shrinks.done, 1, memory_order_release);
}

/* The width of t: the ranks of all matrices, each rounded up to a multiple of 16. */
static int32_t width_of(const lh_lora *lora, int32_t matrix_count) {
    int32_t width = 0;
    for (int32_t m = 0; m < matrix_count; m++) {
        width += aligned(lora->a[m].outputs, LANES);
    }
    return width;
}

static size_t t_bytes_of(const linear_job *job, const lh_lora *loras, int32_t count) {
    size_t floats = 0; /* every width is a multiple of 64 bytes */
    for (int32_t i = 0; i < count; i++) {
        floats += (size_t)loras[i].rows * (size_t)width_of(&loras[i], job->matrix_count);
    }
    return floats * sizeof(float);
}

/* Prepares the jobs that compute all t. `memory` holds the t one after another, then the jobs. */
static void prepare_shrinks(lora_job *job, char *memory, const lh_lora *loras, int32_t count) {
    size_t t_bytes = t_bytes_of(&job->base, loras, count);
    float *t = (float *)memory;
    job->shrink_jobs = (linear_job *)(memory + t_bytes);
    lora_rows *adapted = (lora_rows *)(job->shrink_jobs + count);
    memset(t, 0, t_bytes);
    for (int32_t i = 0; i < count; i++) {
        const lh_lora *lora = &loras[i];
        int32_t width = width_of(lora, job->base.matrix_count);
        adapted[i] = (lora_rows){lora, t, width};
        job->shrink_jobs[i] = (linear_job){
            .x = job->base.x + (int64_t)lora->first_row * job->base.inputs, .out = t,
            .matrices = lora->a, .context = job->base.context, .scales = lora->scales,
            .rows = lora->rows, .inputs = job->base.inputs, .matrix_count = job->base.matrix_count,
            .out_align = LANES, .out_width = width};
        cut(&job->shrink_jobs[i]);
        job->shrinks.tasks += all_tasks_of(&job->shrink_jobs[i]);
        t += (int64_t)lora->rows * width;
    }
    job->base.adapted = adapted;
    job->base.adapted_count = count;
    job->base.shrinks = &job->shrinks;
}

int32_t LH_NAME(lh_linear)(lh_context *context, const float *x, int32_t rows, int32_t inputs,
                           const lh_matrix *matrices, int32_t matrix_count, const lh_lora *loras,
                           int32_t lora_count, float *out, int32_t accumulate) {
    lora_job job = {.base = {.x = x, .out = out, .matrices = matrices, .context = context,
                             .rows = rows, .inputs = inputs, .matrix_count = matrix_count,
                             .out_align = 1, .accumulate = accumulate}};
    for (int32_t m = 0; m < matrix_count; m++) {
        job.base.out_width += matrices[m].outputs;
    }
    cut(&job.base);
    int quantized = any_quantized(matrices, matrix_count);
    int64_t groups = (inputs + GROUP - 1) / GROUP;
    size_t x_bytes = quantized ? rounded_bytes(rows, groups) : 0;
    size_t lora_bytes = t_bytes_of(&job.base, loras, lora_count)
                        + (size_t)lora_count * (sizeof(linear_job) + sizeof(lora_rows));
    int32_t status = lh_shared(context, x_bytes + lora_bytes);
    if (status == LH_OK && rows > STREAM_ROWS) {
        status = lh_scratch(context, quantized ? sizeof(quantized_scratch) : sizeof(linear_scratch));
    }
    if (status != LH_OK) {
        return status;
    }
    if (quantized) {
        job.base.rounded = rounded_at(context->shared, rows, groups);
        int64_t round_tasks = (rows + ROUNDED_ROWS_PER_TASK - 1) / ROUNDED_ROWS_PER_TASK;
        lh_pool_run(context->pool, round_task, &job.base, round_tasks);
    }
    int64_t tasks = all_tasks_of(&job.base);
    if (lora_count == 0) {
        lh_pool_run(context->pool, plain_task, &job.base, tasks);
    } else {
        prepare_shrinks(&job, context->shared + x_bytes, loras, lora_count);
        lh_pool_run(context->pool, lora_task, &job, job.shrinks.tasks + tasks);
    }
    return LH_OK;
}
