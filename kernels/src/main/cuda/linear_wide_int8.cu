/* Linear layers for many rows: weights in int8 with a scale for 32. */
#include "linear_wide.cuh"

LINEAR_WIDE_KERNELS(linear_wide_int8, Int8)
