package dev.longhand.training.model;

import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;

/** Views of consecutive rows of a tensor. */
final class RowView {
    private RowView() {}

    static HostTensor of(HostTensor tensor, long first, long rows) {
        long width = tensor.shape().width();
        long rowBytes = tensor.dtype().rowBytes(width);
        return new HostTensor(
                tensor.dtype(),
                Shape.of(rows, width),
                tensor.data().asSlice(first * rowBytes, rows * rowBytes));
    }

    /** Copies all rows of one tensor to another of the same shape. */
    static void copy(HostTensor from, HostTensor to) {
        to.data().copyFrom(from.data());
    }
}
