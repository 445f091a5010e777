/*
 * Gradients of RMSNorm y = x rho w, rho = 1 / sqrt(mean(x^2) + eps), all f32 [rows, width]:
 *
 *   dx += rho (u - x rho^2 mean(u x))  with u = dout w;   dw += the sum over rows of dout x rho.
 *
 * The first kernel has a block of 256 per row, 20 bytes an element (x and dout are read again from L2), and
 * leaves rho for the second, which sums columns as column_sums.cuh says: 8 bytes an element. One pass over x
 * for both sums. Unconfirmed on a GPU.
 */
#include "block_sums.cuh"
#include "column_sums.cuh"

using namespace longhand;

extern "C" __global__ void __launch_bounds__(256)
    rms_norm_backward(const float *x, const float *weight, float eps, const float *dout, float *dx,
                      float *scales, int width) {
    __shared__ float squares[8], products[8];
    long long first = static_cast<long long>(blockIdx.x) * width;
    float square = 0, product = 0;
    for (int i = threadIdx.x; i < width; i += 256) {
        float value = x[first + i];
        square += value * value;
        product += dout[first + i] * weight[i] * value;
    }
    float mean = sum_of_block<8>(square, squares) / static_cast<float>(width);
    float scale = 1.0f / sqrtf(mean + eps);
    float along = sum_of_block<8>(product, products) / static_cast<float>(width) * scale * scale;
    for (int i = threadIdx.x; i < width; i += 256) {
        dx[first + i] += scale * (dout[first + i] * weight[i] - x[first + i] * along);
    }
    if (threadIdx.x == 0) {
        scales[blockIdx.x] = scale;
    }
}

extern "C" __global__ void __launch_bounds__(COLUMN_THREADS)
    rms_norm_backward_weight(const float *x, const float *dout, const float *scales, float *dweight,
                             int rows, int width) {
    add_column_sums(rows, width, dweight, [=](int row, int column) {
        long long at = static_cast<long long>(row) * width + column;
        return dout[at] * x[at] * scales[row];
    });
}

/* dbias += the sum of the rows of dout. */
extern "C" __global__ void __launch_bounds__(COLUMN_THREADS)
    bias_backward(const float *dout, float *dbias, int rows, int width) {
    add_column_sums(rows, width, dbias, [=](int row, int column) {
        return dout[static_cast<long long>(row) * width + column];
    });
}
