/*
 * Token embedding: a gather of rows, widened to f32 and scaled. A few kilobytes per row, so one thread
 * is enough. A row of a quantised table is read with the 15 others of its tile, which costs little
 * more: the lanes of a vector are rows.
 */
#include "quantized.h"

static void embed_quantized(const char *table, int32_t dtype, int64_t width, float scale,
                            int64_t token, float *out) {
    const char *tile = table + token / TILE * tile_bytes(dtype, width);
    for (int64_t i = 0; i < width; i += UNPACKED_INPUTS) {
        float wide[UNPACKED_INPUTS][TILE];
        unpack_inputs(tile, dtype, i, wide);
        for (int64_t j = 0; j < UNPACKED_INPUTS && i + j < width; j++) {
            out[i + j] = scale * wide[j][token % TILE];
        }
    }
}

int32_t LH_NAME(lh_embed)(lh_context *context, const void *table, int32_t dtype, int32_t width,
                          float scale, const lh_batch *batch, float *out) {
    (void)context;
    for (int32_t r = 0; r < batch->rows; r++) {
        float *to = out + (int64_t)r * width;
        if (is_quantized(dtype)) {
            embed_quantized(table, dtype, width, scale, batch->tokens[r], to);
            continue;
        }
        const char *row = (const char *)table + batch->tokens[r] * (int64_t)width * dtype_bytes(dtype);
        for (int32_t i = 0; i < width; i++) {
            to[i] = scale * element_to_f32(row, dtype, i);
        }
    }
    return LH_OK;
}
