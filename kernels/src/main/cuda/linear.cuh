/* What the two linear kernels share: the cut of K and the epilogue. */
#ifndef LONGHAND_LINEAR_CUH
#define LONGHAND_LINEAR_CUH

#include "fragments.cuh"

namespace longhand {

/*
 * K is cut into SLICES runs of whole chunks. Each is summed from zero by multiplies in ascending k,
 * and the slices are added in ascending order, so that eight warps of the skinny kernel and one warp
 * of the wide kernel arrive at the same bits.
 */
constexpr int SLICES = 8;

__host__ __device__ constexpr int slice_chunks(int chunks) { return (chunks + SLICES - 1) / SLICES; }

struct Epilogue {
    const float *bias; /* [outputs] or null */
    float *out;        /* [rows, outputs] */
    int rows;
    int outputs;
    int accumulate;

    __device__ void operator()(int row, int output, float sum) const {
        if (row < rows && output < outputs) {
            float *to = out + static_cast<long long>(row) * outputs + output;
            sum += bias != nullptr ? bias[output] : 0.0f;
            *to = accumulate ? *to + sum : sum;
        }
    }
};

} // namespace longhand

#endif
