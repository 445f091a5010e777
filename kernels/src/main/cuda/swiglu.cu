/* out = silu(gate) * up; gate_up [rows, 2 width] with gate first, out [rows, width], all f32. */
extern "C" __global__ void __launch_bounds__(256) swiglu(const float *gate_up, float *out, int width) {
    int i = blockIdx.x * 256 + threadIdx.x;
    if (i < width) {
        const float *row = gate_up + static_cast<long long>(blockIdx.y) * 2 * width;
        float gate = row[i];
        out[static_cast<long long>(blockIdx.y) * width + i] = gate / (1.0f + expf(-gate)) * row[width + i];
    }
}
