package dev.longhand.kernels.cuda;

import dev.longhand.kernels.tensor.Tensor;

/** A tensor that the kernels can read: in device memory, or uploaded to it on demand. */
sealed interface CudaTensor extends Tensor permits DeviceTensor, WeightTensor {
    /** The address of the elements on the device, row-major in the tensor's own dtype. */
    long address();
}
