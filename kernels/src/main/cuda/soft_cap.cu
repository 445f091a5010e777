/*
 * x = cap tanh(x / cap) in place, x [rows, width] f32: the logits of models with a soft cap. A thread per
 * element, 8 bytes each. Not confirmed on a GPU.
 */
#include "dependent_launch.cuh"

extern "C" __global__ void __launch_bounds__(256) soft_cap(float *x, float cap, int width) {
    longhand::follow_earlier_kernels();
    int i = blockIdx.x * 256 + threadIdx.x;
    if (i < width) {
        float *at = x + static_cast<long long>(blockIdx.y) * width + i;
        *at = cap * tanhf(*at / cap);
    }
}
