/* Linear layers for up to 16 rows: weights in int8 with a scale for 32. */
#include "linear_skinny.cuh"

LINEAR_SKINNY_KERNELS(linear_skinny_int8, Int8)
