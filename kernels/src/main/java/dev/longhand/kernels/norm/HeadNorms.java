package dev.longhand.kernels.norm;

import dev.longhand.kernels.tensor.Tensor;

/**
 * The RMSNorms that each head of queries and keys takes before its rotation, in families such as
 * Qwen3.
 *
 * @param query [headDim] F32
 * @param key [headDim] F32
 * @param eps added to the mean squares
 */
public record HeadNorms(Tensor query, Tensor key, float eps) {}
