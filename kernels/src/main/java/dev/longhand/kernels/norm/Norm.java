package dev.longhand.kernels.norm;

import dev.longhand.kernels.tensor.Tensor;

/**
 * The parameters of an RMSNorm.
 *
 * @param weight [width] F32
 * @param eps added to the mean square
 */
public record Norm(Tensor weight, float eps) {}
