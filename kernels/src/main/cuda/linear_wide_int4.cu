/* Linear layers for many rows: weights in int4 with a scale for 32. */
#include "linear_wide.cuh"

LINEAR_WIDE_KERNELS(linear_wide_int4, Int4)
