/* The entry points: choose an instruction set once per context, then call through its table. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The symbols that the library exports. */
#pragma GCC visibility push(default)
#include <longhand_cpu.h>
#pragma GCC visibility pop

#include "context.h"
#include "kv.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

/* The table of an instruction set; linear layers may use an extension of it (VNNI). */
#define LH_TABLE(isa, linear_isa)                                                                  \
    static const lh_kernels kernels_##linear_isa = {                                               \
        lh_embed_##isa,     lh_rms_norm_##isa, lh_linear_##linear_isa,  lh_rope_append_##isa,      \
        lh_attention_##isa, lh_swiglu_##isa,   lh_soft_cap_##isa,       lh_quantize_##isa,         \
        lh_find_nonfinite_##isa,                                                                   \
    }
#define LH_DECLARE_LINEAR(isa)                                                                     \
    int32_t lh_linear_##isa(lh_context *, const float *, int32_t, int32_t, const lh_matrix *,      \
                            int32_t, const lh_lora *, int32_t, float *, int32_t)
#define LH_DECLARE(isa)                                                                            \
    int32_t lh_embed_##isa(lh_context *, const void *, int32_t, int32_t, float, const lh_batch *,  \
                           float *);                                                               \
    int32_t lh_rms_norm_##isa(lh_context *, const float *, const float *, float, float *, int32_t, \
                              int32_t, int32_t);                                                   \
    LH_DECLARE_LINEAR(isa);                                                                        \
    int32_t lh_rope_append_##isa(lh_context *, float *, int32_t, const float *, const float *,     \
                                 const float *, float, const lh_batch *, const lh_kv *, int32_t);  \
    int32_t lh_attention_##isa(lh_context *, const float *, int32_t, float, float, int32_t,        \
                               const lh_batch *, const lh_kv *, int32_t, float *);                 \
    int32_t lh_swiglu_##isa(lh_context *, const float *, int32_t, float *, int32_t, int32_t);      \
    int32_t lh_soft_cap_##isa(lh_context *, float *, int64_t, float);                              \
    int32_t lh_quantize_##isa(lh_context *, const void *, int32_t, int32_t, int32_t, int32_t,      \
                              void *);                                                             \
    int32_t lh_find_nonfinite_##isa(lh_context *, const void *, int32_t, int64_t, int64_t *);      \
    LH_TABLE(isa, isa)

#if defined(__x86_64__)
LH_DECLARE(avx512);
LH_DECLARE(avx2);
#if defined(LH_WITH_avx512vnni)
LH_DECLARE_LINEAR(avx512vnni);
LH_TABLE(avx512, avx512vnni);
#endif
#if defined(LH_WITH_avx2vnni)
LH_DECLARE_LINEAR(avx2vnni);
LH_TABLE(avx2, avx2vnni);
#endif
#endif
LH_DECLARE(baseline);

typedef struct {
    const char *name;
    const lh_kernels *kernels;
    const lh_training_kernels *training;
} lh_isa;

#define ISAS_MAX 6

#if defined(LH_WITH_avx2vnni)
/* VNNI on 256 bits (AVX-VNNI); not every compiler's __builtin_cpu_supports knows it. */
static int has_avx_vnni(void) {
    uint32_t a, b, c, d;
    return __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a >> 4 & 1);
}
#endif

/* Fills `isas` with the instruction sets that this processor can run, best first; returns their number. */
static int32_t runnable(lh_isa isas[ISAS_MAX]) {
    int32_t count = 0;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")) {
#if defined(LH_WITH_avx512bf16)
        if (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bf16")) {
            isas[count++] = (lh_isa){"avx512bf16", &kernels_avx512vnni, &lh_training_avx512bf16};
        }
#endif
#if defined(LH_WITH_avx512vnni)
        if (__builtin_cpu_supports("avx512vnni")) {
            isas[count++] = (lh_isa){"avx512vnni", &kernels_avx512vnni, &lh_training_avx512};
        }
#endif
        isas[count++] = (lh_isa){"avx512", &kernels_avx512, &lh_training_avx512};
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")
        && __builtin_cpu_supports("f16c")) {
#if defined(LH_WITH_avx2vnni)
        if (has_avx_vnni()) {
            isas[count++] = (lh_isa){"avx2vnni", &kernels_avx2vnni, &lh_training_avx2};
        }
#endif
        isas[count++] = (lh_isa){"avx2", &kernels_avx2, &lh_training_avx2};
    }
#endif
    isas[count++] = (lh_isa){"baseline", &kernels_baseline, &lh_training_baseline};
    return count;
}

int32_t lh_abi_version(void) { return LH_ABI_VERSION; }

const char *lh_isa_name(int32_t index) {
    lh_isa isas[ISAS_MAX];
    return index >= 0 && index < runnable(isas) ? isas[index].name : NULL;
}

int32_t lh_context_create(const char *isa, int32_t threads, lh_context **out) {
    lh_isa isas[ISAS_MAX];
    int32_t count = runnable(isas);
    int32_t chosen = 0;
    while (isa != NULL && chosen < count && strcmp(isa, isas[chosen].name) != 0) {
        chosen++;
    }
    if (chosen == count) {
        return LH_UNKNOWN_ISA;
    }
    lh_context *context = calloc(1, sizeof *context);
    if (context == NULL) {
        return LH_OUT_OF_MEMORY;
    }
    context->kernels = isas[chosen].kernels;
    context->training = isas[chosen].training;
    context->threads = threads;
    context->pool = lh_pool_create(threads);
    if (context->pool == NULL) {
        free(context);
        return LH_NO_THREAD;
    }
    *out = context;
    return LH_OK;
}

void lh_context_destroy(lh_context *context) {
    lh_pool_destroy(context->pool);
    free(context->scratch);
    free(context->shared);
    free(context);
}

static int32_t grow(char **buffer, size_t *held, size_t wanted, size_t copies) {
    if (wanted <= *held) {
        return LH_OK;
    }
    wanted = (wanted + 63) / 64 * 64;
    free(*buffer);
    *held = 0;
    *buffer = aligned_alloc(64, wanted * copies);
    if (*buffer == NULL) {
        return LH_OUT_OF_MEMORY;
    }
    *held = wanted;
    return LH_OK;
}

int32_t lh_scratch(lh_context *context, size_t bytes) {
    return grow(&context->scratch, &context->scratch_bytes, bytes, (size_t)context->threads);
}

int32_t lh_shared(lh_context *context, size_t bytes) {
    return grow(&context->shared, &context->shared_bytes, bytes, 1);
}

int32_t lh_memory_reserve(int64_t bytes, void **out) {
    void *memory = mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        return LH_OUT_OF_MEMORY;
    }
    lh_memory_prefer_huge(memory, bytes);
    *out = memory;
    return LH_OK;
}

void lh_memory_release(void *memory, int64_t bytes) { munmap(memory, (size_t)bytes); }

/* Rounds outwards to whole pages, so that adjacent tensors become one range and a huge page may span
 * their border. */
void lh_memory_prefer_huge(const void *memory, int64_t bytes) {
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t begin = (uintptr_t)memory / page * page;
    uintptr_t end = ((uintptr_t)memory + (uintptr_t)bytes + page - 1) / page * page;
    madvise((void *)begin, end - begin, MADV_HUGEPAGE); /* may fail: small pages work too */
}

int32_t lh_embed(lh_context *context, const void *table, int32_t dtype, int32_t width, float scale,
                 const lh_batch *batch, float *out) {
    return context->kernels->embed(context, table, dtype, width, scale, batch, out);
}

int32_t lh_rms_norm(lh_context *context, const float *x, const float *weight, float eps, float *out,
                    int32_t rows, int32_t width, int32_t accumulate) {
    return context->kernels->rms_norm(context, x, weight, eps, out, rows, width, accumulate);
}

int32_t lh_linear(lh_context *context, const float *x, int32_t rows, int32_t inputs,
                  const lh_matrix *matrices, int32_t matrix_count, const lh_lora *loras,
                  int32_t lora_count, float *out, int32_t accumulate) {
    return context->kernels->linear(context, x, rows, inputs, matrices, matrix_count, loras,
                                    lora_count, out, accumulate);
}

int32_t lh_rope_append(lh_context *context, float *qkv, int32_t heads, const float *rope,
                       const float *query_norm, const float *key_norm, float norm_eps,
                       const lh_batch *batch, const lh_kv *kv, int32_t layer) {
    return context->kernels->rope_append(context, qkv, heads, rope, query_norm, key_norm, norm_eps,
                                         batch, kv, layer);
}

int32_t lh_attention(lh_context *context, const float *qkv, int32_t heads, float scale, float cap,
                     int32_t window, const lh_batch *batch, const lh_kv *kv, int32_t layer,
                     float *out) {
    return context->kernels->attention(context, qkv, heads, scale, cap, window, batch, kv, layer,
                                       out);
}

int32_t lh_swiglu(lh_context *context, const float *gate_up, int32_t activation, float *out,
                  int32_t rows, int32_t width) {
    return context->kernels->swiglu(context, gate_up, activation, out, rows, width);
}

int32_t lh_soft_cap(lh_context *context, float *x, int64_t count, float cap) {
    return context->kernels->soft_cap(context, x, count, cap);
}

int32_t lh_gather_rows(lh_context *context, const float *x, const int32_t *indices, float *out,
                       int32_t count, int32_t width) {
    (void)context;
    for (int32_t i = 0; i < count; i++) {
        memcpy(out + (int64_t)i * width, x + (int64_t)indices[i] * width,
               (size_t)width * sizeof(float));
    }
    return LH_OK;
}

int32_t lh_quantize(lh_context *context, const void *weights, int32_t from, int32_t outputs,
                    int32_t inputs, int32_t to, void *out) {
    return context->kernels->quantize(context, weights, from, outputs, inputs, to, out);
}

int32_t lh_find_nonfinite(lh_context *context, const void *values, int32_t dtype, int64_t count,
                          int64_t *first) {
    return context->kernels->find_nonfinite(context, values, dtype, count, first);
}

int32_t lh_copy_page(lh_context *context, const lh_kv *kv, int32_t from, int32_t to) {
    (void)context;
    for (int32_t layer = 0; layer < kv->layers; layer++) {
        size_t source = tile_index(kv, layer, from, 0);
        size_t target = tile_index(kv, layer, to, 0);
        memcpy(key_tile(kv, target), key_tile(kv, source), kv->kv_heads * key_tile_bytes(kv));
        memcpy(value_tile(kv, target), value_tile(kv, source), kv->kv_heads * value_tile_bytes(kv));
    }
    return LH_OK;
}
