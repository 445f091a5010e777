/* A libcublas that multiplies on the host, in the column-major terms of the real one; for tests of the way there. */
#include <stdint.h>

static int live, failing_status;
static void *bound_stream;

int stub_cublas_live(void) { return live; }
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

/* Transposed a, plain b, bf16 in and F32 out with F32 sums: anything else is CUBLAS_STATUS_NOT_SUPPORTED. */
int cublasGemmEx(void *handle, int transa, int transb, int m, int n, int k, const float *alpha, const uint16_t *a,
                 int atype, int lda, const uint16_t *b, int btype, int ldb, const float *beta, float *c, int ctype,
                 int ldc, int compute, int algorithm) {
    if (handle != &live || transa != 1 || transb != 0 || atype != 14 || btype != 14 || ctype != 0 || compute != 68
            || algorithm != -1)
        return 15;
    if (lda < k || ldb < k || ldc < m)
        return 7;
    for (int column = 0; column < n; column++)
        for (int row = 0; row < m; row++) {
            float sum = 0, *out = c + (long)column * ldc + row;
            for (int i = 0; i < k; i++)
                sum += bf16(a[(long)row * lda + i]) * bf16(b[(long)column * ldb + i]);
            *out = *alpha * sum + (*beta == 0 ? 0 : *beta * *out);
        }
    return failing_status;
}
