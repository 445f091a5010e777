/*
 * out = activation(gate) * up, all f32, out [rows, width]. swiglu reads gate_up [rows, 2 width] with gate
 * first; swiglu_packed reads cuBLAS's product of packed gate and up, both [rows, packed], in which 8 of gate
 * and 8 of up alternate.
 */
#include "activation.cuh"
#include "dependent_launch.cuh"

extern "C" __global__ void __launch_bounds__(256)
    swiglu(const float *gate_up, int activation, float *out, int width) {
    longhand::follow_earlier_kernels();
    int i = blockIdx.x * 256 + threadIdx.x;
    if (i < width) {
        const float *row = gate_up + static_cast<long long>(blockIdx.y) * 2 * width;
        float gate = row[i];
        out[static_cast<long long>(blockIdx.y) * width + i] =
            gate / longhand::activation_divisor(activation, gate) * row[width + i];
    }
}

extern "C" __global__ void __launch_bounds__(256)
    swiglu_packed(const float *both, int packed, int activation, float *out, int width) {
    longhand::follow_earlier_kernels();
    int i = blockIdx.x * 256 + threadIdx.x;
    if (i < width) {
        const float *row = both + static_cast<long long>(blockIdx.y) * packed;
        int at = i / 8 * 16 + i % 8;
        float gate = row[at];
        out[static_cast<long long>(blockIdx.y) * width + i] =
            gate / longhand::activation_divisor(activation, gate) * row[at + 8];
    }
}
