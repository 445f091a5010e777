/*
 * A libcublas that multiplies on the host, in the column-major terms of the real one; for tests of the
 * way there. Operands come and go by copies of the driver on the handle's stream, so that a product
 * stands in its order among the work queued there, and a device that checks its memory checks them too.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>

static int live, failing_status, products;
static void *bound_stream;

int stub_cublas_live(void) { return live; }
int stub_cublas_products(void) { return products; }
void *stub_cublas_stream(void) { return bound_stream; }
void stub_cublas_fail(int status) { failing_status = status; }

int cublasCreate_v2(void **handle) { return live++, *handle = &live, 0; }
int cublasDestroy_v2(void *handle) { return live--, 0; }
int cublasGetVersion_v2(void *handle, int *version) { return *version = 120600, 0; }
int cublasSetStream_v2(void *handle, void *stream) { return bound_stream = stream, failing_status; }

static float bf16(uint16_t bits) {
    union { uint32_t bits; float value; } wide = {(uint32_t)bits << 16};
    return wide.value;
}

typedef int (*copy_function)(void *to, const void *from, size_t bytes, void *stream);

/* The driver that the process uses bears this name. */
static void *driver(const char *function) {
    void *library = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_NOLOAD);
    return library ? dlsym(library, function) : 0;
}

static int copy(const char *function, void *to, const void *from, size_t bytes) {
    copy_function copying = (copy_function)driver(function);
    int (*synchronize)(void *) = (int (*)(void *))driver("cuStreamSynchronize");
    return copying && synchronize ? copying(to, from, bytes, bound_stream) || synchronize(bound_stream) : 1;
}

static int down(void *to, const void *from, size_t bytes) {
    return copy("cuMemcpyDtoHAsync_v2", to, from, bytes);
}
static int up(void *to, const void *from, size_t bytes) {
    return copy("cuMemcpyHtoDAsync_v2", to, from, bytes);
}

/* Transposed a, plain b, bf16 in and F32 out with F32 sums: anything else is CUBLAS_STATUS_NOT_SUPPORTED. */
int cublasGemmEx(void *handle, int transa, int transb, int m, int n, int k, const float *alpha,
                 const uint16_t *a, int atype, int lda, const uint16_t *b, int btype, int ldb,
                 const float *beta, float *c, int ctype, int ldc, int compute, int algorithm) {
    if (handle != &live || transa != 1 || transb != 0 || atype != 14 || btype != 14 || ctype != 0
            || compute != 68 || algorithm != -1)
        return 15;
    if (lda < k || ldb < k || ldc < m)
        return 7;
    if (failing_status || n == 0)
        return failing_status;
    size_t a_bytes = ((size_t)(m - 1) * lda + k) * 2, b_bytes = ((size_t)(n - 1) * ldb + k) * 2;
    uint16_t *weights = malloc(a_bytes), *x = malloc(b_bytes);
    float *out = malloc((size_t)m * 4);
    int failed = down(weights, a, a_bytes) || down(x, b, b_bytes);
    for (int column = 0; column < n && !failed; column++) {
        failed = *beta != 0 && down(out, c + (size_t)column * ldc, (size_t)m * 4);
        for (int row = 0; row < m; row++) {
            float sum = 0;
            for (int i = 0; i < k; i++)
                sum += bf16(weights[(size_t)row * lda + i]) * bf16(x[(size_t)column * ldb + i]);
            out[row] = *alpha * sum + (*beta == 0 ? 0 : *beta * out[row]);
        }
        failed = failed || up(c + (size_t)column * ldc, out, (size_t)m * 4);
    }
    free(weights);
    free(x);
    free(out);
    products++;
    return failed ? 13 : 0; /* CUBLAS_STATUS_EXECUTION_FAILED */
}
