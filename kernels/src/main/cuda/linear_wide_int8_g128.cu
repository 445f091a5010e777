/* Linear layers for many rows: weights in int8 with a scale and a zero for 128 (GPTQ). */
#include "linear_wide.cuh"

LINEAR_WIDE_KERNELS(linear_wide_int8_g128, Int8G128)
