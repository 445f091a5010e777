/*
 * Index of the first NaN or infinity, row-major; `first` starts as all ones. f32 and bf16 alike have
 * their exponent right below the sign, so one test of bits serves both.
 */
#include <cstdint>

#include "dependent_launch.cuh"

extern "C" __global__ void find_nonfinite_f32(const uint32_t *data, unsigned long long count,
                                              unsigned long long *first) {
    longhand::follow_earlier_kernels();
    unsigned long long step = static_cast<unsigned long long>(gridDim.x) * blockDim.x;
    for (unsigned long long i = blockIdx.x * static_cast<unsigned long long>(blockDim.x) + threadIdx.x;
         i < count; i += step) {
        if ((data[i] & 0x7f800000u) == 0x7f800000u) {
            atomicMin(first, i);
            return;
        }
    }
}

extern "C" __global__ void find_nonfinite_bf16(const uint16_t *data, unsigned long long count,
                                               unsigned long long *first) {
    longhand::follow_earlier_kernels();
    unsigned long long step = static_cast<unsigned long long>(gridDim.x) * blockDim.x;
    for (unsigned long long i = blockIdx.x * static_cast<unsigned long long>(blockDim.x) + threadIdx.x;
         i < count; i += step) {
        if ((data[i] & 0x7f80u) == 0x7f80u) {
            atomicMin(first, i);
            return;
        }
    }
}
