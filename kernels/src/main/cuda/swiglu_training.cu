/*
 * SwiGLU, or GeGLU by its activation, of separate gate and up, f32. Forward: out = activation(gate) up.
 * Backward, in place: gate and up become their gradients, dout becomes activation(gate) up, which the
 * gradient of down's weights needs. A thread per element, 12 and 24 bytes an element; fused into the
 * epilogue of down's dx it would be 12 fewer. Unconfirmed on a GPU.
 */
#include "activation.cuh"

using namespace longhand;

static __device__ __forceinline__ float share_of(int activation, float gate) {
    return 1.0f / activation_divisor(activation, gate);
}

extern "C" __global__ void __launch_bounds__(256)
    swiglu_forward(const float *gate, const float *up, float *out, int activation, long long count) {
    long long i = static_cast<long long>(blockIdx.x) * 256 + threadIdx.x;
    if (i < count) {
        out[i] = gate[i] * share_of(activation, gate[i]) * up[i];
    }
}

extern "C" __global__ void __launch_bounds__(256)
    swiglu_backward(float *gate, float *up, float *dout, int activation, long long count) {
    long long i = static_cast<long long>(blockIdx.x) * 256 + threadIdx.x;
    if (i < count) {
        float g = gate[i], u = up[i], d = dout[i], s = share_of(activation, g);
        float activated = g * s;
        gate[i] = d * u * activation_slope(activation, g, s);
        up[i] = d * activated;
        dout[i] = activated * u;
    }
}
