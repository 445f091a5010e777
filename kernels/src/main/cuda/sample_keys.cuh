/*
 * Tokens as keys that rank them, and their weights: numbers whose order of summation cannot matter;
 * sample.cu says why.
 */
#ifndef LONGHAND_SAMPLE_KEYS_CUH
#define LONGHAND_SAMPLE_KEYS_CUH

#include <cfloat>
#include <cstdint>

namespace {

constexpr int TOKEN_BITS = 20;
constexpr int KEY_BITS = 32 + TOKEN_BITS;
constexpr uint64_t TOKEN_MASK = (1u << TOKEN_BITS) - 1;
constexpr uint64_t NOT_FINITE = 1ull << KEY_BITS; /* instead of a logit: above all, first token first */
constexpr float LOG2E = 1.4426950408889634f;

__device__ __forceinline__ uint64_t key_of(float logit, int token) {
    if (!(fabsf(logit) <= FLT_MAX)) {
        return NOT_FINITE | (TOKEN_MASK - token);
    }
    uint32_t bits = __float_as_uint(__fadd_rn(logit, 0.0f)); /* -0 becomes 0 */
    bits ^= static_cast<uint32_t>(static_cast<int32_t>(bits) >> 31) | 0x80000000u;
    return static_cast<uint64_t>(bits) << TOKEN_BITS | (TOKEN_MASK - token);
}

__device__ __forceinline__ int token_of(uint64_t key) {
    return static_cast<int>(TOKEN_MASK - (key & TOKEN_MASK));
}

__device__ __forceinline__ float logit_of(uint64_t key) {
    uint32_t bits = static_cast<uint32_t>(key >> TOKEN_BITS);
    return __uint_as_float(bits ^ (bits >> 31 ? 0x80000000u : 0xffffffffu));
}

/* FixedPointProbability.of */
__device__ __forceinline__ uint64_t weight(float logit, float max, float scale) {
    float exponent = fmaxf(__fmul_rn(__fsub_rn(logit, max), scale), -63.0f);
    float whole = __fsub_rn(__fadd_rn(exponent, 12582912.0f), 12582912.0f);
    float x = __fsub_rn(exponent, whole);
    float power = 1.5252734e-5f;
    power = __fadd_rn(__fmul_rn(power, x), 1.5403530e-4f);
    power = __fadd_rn(__fmul_rn(power, x), 1.3333558e-3f);
    power = __fadd_rn(__fmul_rn(power, x), 0.009618129f);
    power = __fadd_rn(__fmul_rn(power, x), 0.05550411f);
    power = __fadd_rn(__fmul_rn(power, x), 0.2402265f);
    power = __fadd_rn(__fmul_rn(power, x), 0.6931472f);
    power = __fadd_rn(__fmul_rn(power, x), 1.0f);
    uint64_t fraction = static_cast<uint64_t>(__float2int_rz(__fmul_rn(power, 1073741824.0f))) << 12;
    return fraction >> -__float2int_rz(whole);
}

} // namespace

#endif
