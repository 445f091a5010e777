/* Token embedding: a gather of rows, widened to f32. A few kilobytes per row, so one thread is enough. */
#include "lanes.h"

int32_t LH_NAME(lh_embed)(lh_context *context, const void *table, int32_t dtype, int32_t width,
                          const lh_batch *batch, float *out) {
    (void)context;
    for (int32_t r = 0; r < batch->rows; r++) {
        const char *row = (const char *)table + batch->tokens[r] * (int64_t)width * dtype_bytes(dtype);
        for (int32_t i = 0; i < width; i++) {
            out[(int64_t)r * width + i] = element_to_f32(row, dtype, i);
        }
    }
    return LH_OK;
}
