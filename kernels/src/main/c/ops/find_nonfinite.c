/*
 * The first NaN or infinity of a tensor: all exponent bits set. Runs once over every weight when a
 * checkpoint opens, so it streams at memory speed: a branch-free OR over a chunk, and only a chunk
 * that has one is searched.
 */
#include <stdatomic.h>

#include "lanes.h"

#define CHUNK (1 << 19)

typedef struct {
    const char *values;
    int64_t count;
    int32_t dtype;
    _Atomic int64_t first; /* count if none */
} scan_job;

/* Zero exactly when the exponent of `bits` is all ones. */
#define NOT_ALL_ONES(bits, mask) (~(bits) & (mask))

ALWAYS_INLINE int has_nonfinite16(const char *values, int64_t count, uint16_t mask) {
    uint16_t found = 0;
    for (int64_t i = 0; i < count; i++) {
        uint16_t bits;
        memcpy(&bits, values + 2 * i, 2);
        found |= (uint16_t)((uint16_t)NOT_ALL_ONES(bits, mask) == 0 ? 0xffff : 0);
    }
    return found != 0;
}

static int has_nonfinite32(const char *values, int64_t count) {
    uint32_t found = 0;
    for (int64_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, values + 4 * i, 4);
        found |= NOT_ALL_ONES(bits, 0x7f800000u) == 0 ? 0xffffffffu : 0;
    }
    return found != 0;
}

static int has_nonfinite(const char *values, int64_t count, int32_t dtype) {
    switch (dtype) {
        case LH_BF16: return has_nonfinite16(values, count, 0x7f80);
        case LH_F16: return has_nonfinite16(values, count, 0x7c00);
        default: return has_nonfinite32(values, count);
    }
}

static void scan_chunk(void *argument, int64_t index, int32_t thread) {
    scan_job *job = argument;
    int64_t from = index * CHUNK;
    int64_t to = from + CHUNK < job->count ? from + CHUNK : job->count;
    (void)thread;
    if (!has_nonfinite(job->values + from * dtype_bytes(job->dtype), to - from, job->dtype)) {
        return;
    }
    while (!has_nonfinite(job->values + from * dtype_bytes(job->dtype), 1, job->dtype)) {
        from++;
    }
    int64_t known = atomic_load(&job->first);
    while (from < known && !atomic_compare_exchange_weak(&job->first, &known, from)) {
    }
}

int32_t LH_NAME(lh_find_nonfinite)(lh_context *context, const void *values, int32_t dtype,
                                   int64_t count, int64_t *first) {
    scan_job job = {values, count, dtype, count};
    lh_pool_run(context->pool, scan_chunk, &job, (count + CHUNK - 1) / CHUNK);
    int64_t found = atomic_load(&job.first);
    *first = found < count ? found : -1;
    return LH_OK;
}
