/* Linear layers for many rows: weights in fp8 (e4m3) with a scale for 128. */
#include "linear_wide.cuh"

LINEAR_WIDE_KERNELS(linear_wide_fp8, Fp8)
