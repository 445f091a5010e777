package dev.longhand.kernels.norm;

import dev.longhand.kernels.tensor.Tensor;

/**
 * An RMSNorm as a layer has it.
 *
 * @param weight [width] F32
 * @param eps added to the mean square
 */
public record Norm(Tensor weight, float eps) {}
