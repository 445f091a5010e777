/*
 * Frozen weights as bf16 [rows, width], for the products of training: f16, and the quantised formats in the
 * layout of tensor.QuantizedMatrix, scale (code - zero) rounded to bf16. A matrix is expanded into scratch
 * memory before each product that reads it.
 * A block has 16 rows (a tile of the layout) and 16 words of each; 2 bytes written an element, in runs of 8
 * (8-bit codes) or 16 bytes. Computed: 0.6 ms for a layer of 32B at 1 TB/s, under 1 % of the layer's
 * products at 4,096 tokens. Unconfirmed on a GPU.
 */
#include <cstdint>
#include <cuda_fp16.h>

#include "fragments.cuh"
#include "quantized_layout.cuh"

using namespace longhand;

static __device__ __forceinline__ float scale_value(const QuantizedLayout &l, uint16_t bits) {
    return l.halfScales ? __half2float(__ushort_as_half(bits))
                        : __uint_as_float(static_cast<uint32_t>(bits) << 16);
}

/* An E4M3 code; the formats have no NaN. */
static __device__ __forceinline__ float e4m3(uint32_t code) {
    uint32_t exponent = code >> 3 & 15, mantissa = code & 7;
    float value = exponent == 0 ? static_cast<float>(mantissa) * 0.001953125f
                                : __uint_as_float((exponent + 120) << 23 | mantissa << 20);
    return (code & 128) != 0 ? -value : value;
}

extern "C" __global__ void __launch_bounds__(256)
    expand_quantized(const uint8_t *data, QuantizedLayout l, uint16_t *out, int rows, int width) {
    int row = threadIdx.x % 16, word = blockIdx.x * 16 + threadIdx.x / 16;
    int codes = 32 / l.bits, k = word * codes;
    int output = blockIdx.y * 16 + row;
    if (k >= width || output >= rows) {
        return;
    }
    long long blocks = (width + l.block - 1) / l.block;
    const uint8_t *block = data + (blockIdx.y * blocks + k / l.block) * l.blockBytes;
    auto *header = reinterpret_cast<const uint16_t *>(block + k % l.block / l.group * l.groupHeaderBytes);
    float scale = scale_value(l, header[row]);
    int zero = l.zeros ? static_cast<int16_t>(header[16 + row]) : l.fixedZero;
    auto *words = reinterpret_cast<const uint32_t *>(block + l.headerBytes);
    uint32_t packed = words[k % l.block / codes * 16 + row];
    uint16_t *to = out + static_cast<long long>(output) * width + k;
    for (int i = 0; i < codes && k + i < width; i++) {
        uint32_t code = packed >> (i % 2 * 16 + i / 2 * l.bits) & ((1u << l.bits) - 1);
        float value = l.e4m3 ? e4m3(code) : static_cast<float>(static_cast<int>(code) - zero);
        to[i] = static_cast<uint16_t>(pack_bf16(scale * value, 0.0f));
    }
}

extern "C" __global__ void __launch_bounds__(256)
    expand_f16(const uint16_t *data, uint16_t *out, long long count) {
    long long i = static_cast<long long>(blockIdx.x) * 256 + threadIdx.x;
    if (i < count) {
        out[i] = static_cast<uint16_t>(pack_bf16(__half2float(__ushort_as_half(data[i])), 0.0f));
    }
}
