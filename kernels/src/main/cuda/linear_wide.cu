/* Linear layers for many rows: weights in bf16. */
#include "linear_wide.cuh"

LINEAR_WIDE(linear_wide, linear_wide_lora, Bf16, PLAIN)
LINEAR_WIDE(linear_wide_normed, linear_wide_lora_normed, Bf16, NORMED)
LINEAR_WIDE(linear_wide_gated, linear_wide_lora_gated, Bf16, GATED)
