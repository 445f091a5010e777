/* Linear layers for up to 16 rows: weights in int4 with a scale and a zero for 128 (GPTQ, AWQ). */
#include "linear_skinny.cuh"

LINEAR_SKINNY_KERNELS(linear_skinny_int4_g128, Int4G128)
