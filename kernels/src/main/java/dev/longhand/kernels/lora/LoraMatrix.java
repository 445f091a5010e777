package dev.longhand.kernels.lora;

import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;

/**
 * The low-rank change of one matrix: W becomes W + scale B A (Hu et al., "LoRA: Low-Rank Adaptation
 * of Large Language Models", 2021).
 *
 * @param a [rank, inputs]
 * @param b [outputs, rank], in the dtype of a
 * @param scale usually alpha / rank
 */
public record LoraMatrix(HostTensor a, HostTensor b, float scale) {
    public LoraMatrix {
        if (a.shape().rank() != 2
                || b.shape().rank() != 2
                || a.shape().extent(0) != b.shape().extent(1)
                || a.dtype() != b.dtype()
                || a.dtype() == DType.I32
                || a.dtype().quantized()) {
            throw new IllegalArgumentException(
                    "no low-rank change: A %s %s, B %s %s"
                            .formatted(a.dtype(), a.shape(), b.dtype(), b.shape()));
        }
    }

    /** The inner dimension: rows of A, columns of B. */
    public int rank() {
        return Math.toIntExact(a.shape().extent(0));
    }

    /** Input features. */
    public int inputs() {
        return Math.toIntExact(a.shape().extent(1));
    }

    /** Output features. */
    public int outputs() {
        return Math.toIntExact(b.shape().extent(0));
    }

    /** Bytes of A and B. */
    public long bytes() {
        return a.bytes() + b.bytes();
    }
}
