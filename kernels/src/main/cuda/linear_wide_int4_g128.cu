/* Linear layers for many rows: weights in int4 with a scale and a zero for 128 (GPTQ, AWQ). */
#include "linear_wide.cuh"

LINEAR_WIDE_KERNELS(linear_wide_int4_g128, Int4G128)
