/* Linear layers for up to 16 rows: weights in int8 with a scale and a zero for 128 (GPTQ). */
#include "linear_skinny.cuh"

LINEAR_SKINNY_KERNELS(linear_skinny_int8_g128, Int8G128)
