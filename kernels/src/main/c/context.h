/* Shared by the kernels: the context, its threads and scratch, and the table of one ISA. */
#ifndef LH_CONTEXT_H
#define LH_CONTEXT_H

#include <longhand_cpu.h>
#include <stddef.h>
#include <stdint.h>

#include "pool.h"
#include "training.h"

/* The ops as compiled for one instruction set; arguments as in longhand_cpu.h. */
typedef struct lh_kernels {
    int32_t (*embed)(lh_context *, const void *, int32_t, int32_t, float, const lh_batch *, float *);
    int32_t (*rms_norm)(lh_context *, const float *, const float *, float, float *, int32_t, int32_t,
                        int32_t);
    int32_t (*linear)(lh_context *, const float *, int32_t, int32_t, const lh_matrix *, int32_t,
                      const lh_lora *, int32_t, float *, int32_t);
    int32_t (*rope_append)(lh_context *, float *, int32_t, const float *, const float *,
                           const float *, float, const lh_batch *, const lh_kv *, int32_t);
    int32_t (*attention)(lh_context *, const float *, int32_t, float, float, int32_t,
                         const lh_batch *, const lh_kv *, int32_t, float *);
    int32_t (*swiglu)(lh_context *, const float *, int32_t, float *, int32_t, int32_t);
    int32_t (*soft_cap)(lh_context *, float *, int64_t, float);
    int32_t (*quantize)(lh_context *, const void *, int32_t, int32_t, int32_t, int32_t, void *);
    int32_t (*find_nonfinite)(lh_context *, const void *, int32_t, int64_t, int64_t *);
} lh_kernels;

struct lh_context {
    const lh_kernels *kernels;
    const lh_training_kernels *training;
    lh_pool *pool;
    int32_t threads;
    char *scratch; /* one slice of scratch_bytes per thread */
    size_t scratch_bytes;
    char *shared; /* one buffer for the whole call */
    size_t shared_bytes;
};

/* Grows every thread's slice to at least `bytes`; its contents are lost. */
int32_t lh_scratch(lh_context *context, size_t bytes);

/* The slice of a thread, aligned to 64 bytes. */
static inline void *lh_scratch_of(const lh_context *context, int32_t thread) {
    return context->scratch + (size_t)thread * context->scratch_bytes;
}

/* Grows the shared buffer to at least `bytes`; its contents are lost. */
int32_t lh_shared(lh_context *context, size_t bytes);

#endif
