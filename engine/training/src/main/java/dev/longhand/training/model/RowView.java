package dev.longhand.training.model;

import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

/** Views of consecutive rows of a tensor. */
final class RowView {
    private RowView() {}

    static Tensor of(Tensor tensor, long first, long rows) {
        long width = tensor.shape().width();
        return tensor.view(first * width, Shape.of(rows, width));
    }
}
