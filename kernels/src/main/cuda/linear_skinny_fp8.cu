/* Linear layers for up to 16 rows: weights in fp8 (e4m3) with a scale for 128. */
#include "linear_skinny.cuh"

LINEAR_SKINNY_KERNELS(linear_skinny_fp8, Fp8)
