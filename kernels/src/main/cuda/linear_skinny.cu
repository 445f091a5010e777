/* Linear layers for up to 16 rows: weights in bf16. */
#include "linear_skinny.cuh"

LINEAR_SKINNY(linear_skinny_8, linear_skinny_lora_8, Bf16, PLAIN, 1, true)
LINEAR_SKINNY(linear_skinny_16, linear_skinny_lora_16, Bf16, PLAIN, 2, true)
LINEAR_SKINNY(linear_skinny_normed_8, linear_skinny_lora_normed_8, Bf16, NORMED, 1, true)
LINEAR_SKINNY(linear_skinny_normed_16, linear_skinny_lora_normed_16, Bf16, NORMED, 2, true)
LINEAR_SKINNY(linear_skinny_gated_8, linear_skinny_lora_gated_8, Bf16, GATED, 1, true)
LINEAR_SKINNY(linear_skinny_gated_16, linear_skinny_lora_gated_16, Bf16, GATED, 2, true)

/* Widths that are no multiple of 32: x element by element. */
LINEAR_SKINNY(linear_skinny_odd, linear_skinny_lora_odd, Bf16, PLAIN, 2, false)
LINEAR_SKINNY(linear_skinny_normed_odd, linear_skinny_lora_normed_odd, Bf16, NORMED, 2, false)
LINEAR_SKINNY(linear_skinny_gated_odd, linear_skinny_lora_gated_odd, Bf16, GATED, 2, false)
