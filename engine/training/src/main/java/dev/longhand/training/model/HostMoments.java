package dev.longhand.training.model;

import dev.longhand.kernels.backend.TensorArena;
import dev.longhand.kernels.backend.TrainingBackend;
import dev.longhand.kernels.optimizer.AdamW;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;

/** Moments that lie in host memory; a GPU has room for those of the largest tensor. */
final class HostMoments {
    private final TrainingBackend backend;
    private final TensorArena device;
    private final Arena host;
    private long largest;
    private @Nullable Tensor first;
    private @Nullable Tensor second;

    HostMoments(TrainingBackend backend, TensorArena device, Arena host) {
        this.backend = backend;
        this.device = device;
        this.host = host;
    }

    /** Allocates one moment of a tensor. */
    HostTensor allocate(Shape shape) {
        largest = Math.max(largest, shape.elements());
        return HostTensor.allocate(host, DType.F32, shape);
    }

    /** Updates a tensor with moments that come for it and go back. */
    void update(
            AdamW settings,
            Tensor master,
            Tensor gradient,
            HostTensor firstMoment,
            HostTensor secondMoment,
            @Nullable Tensor copy) {
        if (first == null || second == null) {
            first = device.allocate(DType.F32, Shape.of(largest));
            second = device.allocate(DType.F32, Shape.of(largest));
        }
        Tensor m = first.view(0, master.shape());
        Tensor v = second.view(0, master.shape());
        backend.write(firstMoment, m);
        backend.write(secondMoment, v);
        backend.update(settings, master, gradient, m, v, copy);
        backend.read(m, firstMoment);
        backend.read(v, secondMoment);
    }
}
