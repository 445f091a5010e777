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
import java.util.List;

/** A tensor in training with its gradient, its moments and, if products read BF16, its copy. */
final class TrainedValues {
    private final TrainingBackend backend;
    private final String name;
    private final float base;
    private final Tensor master;
    private final Tensor gradient;
    private final Tensor firstMoment;
    private final Tensor secondMoment;
    private final @Nullable Tensor copy;
    private final @Nullable HostMoments moments;

    /** Host memory of the master, the moments and the gradient, in this order; null until asked. */
    private @Nullable List<HostTensor> host;

    private boolean hostIsCurrent;

    /**
     * Allocates zeros.
     *
     * @param base see {@link TrainedTensor}
     * @param bf16 whether products read a copy in BF16
     * @param moments allocates and brings the moments if they lie in host memory, else null
     */
    TrainedValues(
            TrainingBackend backend,
            TensorArena memory,
            String name,
            Shape shape,
            float base,
            boolean bf16,
            @Nullable HostMoments moments) {
        this.backend = backend;
        this.name = name;
        this.base = base;
        master = zeros(memory, shape);
        gradient = zeros(memory, shape);
        this.moments = moments;
        firstMoment = moments == null ? zeros(memory, shape) : moments.allocate(shape);
        secondMoment = moments == null ? zeros(memory, shape) : moments.allocate(shape);
        copy = bf16 ? memory.allocate(DType.BF16, shape) : null;
    }

    private static Tensor zeros(TensorArena memory, Shape shape) {
        return memory.allocate(DType.F32, shape);
    }

    /** Sets the master from weights in any dtype, and publishes it. */
    void set(HostTensor values) {
        try (Arena arena = Arena.ofConfined()) {
            backend.write(values.toF32(arena), master);
        }
        round();
    }

    Tensor master() {
        return master;
    }

    Tensor gradient() {
        return gradient;
    }

    void clearGradient() {
        backend.clear(gradient);
        hostIsCurrent = false;
    }

    /** Returns the values that products read. */
    Tensor published() {
        return copy == null ? master : copy;
    }

    /** Publishes what the caller has written to {@link #tensor}. */
    void publish() {
        List<HostTensor> written = host;
        if (written != null && hostIsCurrent) {
            List<Tensor> own = parts().subList(0, 3); // gradients are not the caller's
            for (int i = 0; i < own.size(); i++) {
                if (!(own.get(i) instanceof HostTensor)) {
                    backend.write(written.get(i), own.get(i));
                }
            }
        }
        round();
    }

    private void round() {
        if (copy != null) {
            backend.round(master, copy);
        }
    }

    void update(AdamWStep step) {
        boolean matrixB = name.endsWith(".lora_B.weight");
        AdamW settings =
                new AdamW(
                        step.count(),
                        matrixB ? step.learningRateB() : step.learningRate(),
                        step.gradientScale(),
                        step.beta1(),
                        step.beta2(),
                        step.epsilon(),
                        master.shape().rank() > 1 ? step.weightDecay() : 0);
        if (moments != null
                && firstMoment instanceof HostTensor first
                && secondMoment instanceof HostTensor second) {
            moments.update(settings, master, gradient, first, second, copy);
        } else {
            backend.update(settings, master, gradient, firstMoment, secondMoment, copy);
        }
        hostIsCurrent = false;
    }

    private List<Tensor> parts() {
        return List.of(master, firstMoment, secondMoment, gradient);
    }

    /** Returns the values in host memory; copies of a device's are as of this call. */
    TrainedTensor tensor() {
        if (host == null) {
            host = parts().stream().map(TrainedValues::inHostMemory).toList();
        }
        List<HostTensor> all = host;
        if (!hostIsCurrent) {
            List<Tensor> own = parts();
            for (int i = 0; i < own.size(); i++) {
                if (!(own.get(i) instanceof HostTensor)) {
                    backend.read(own.get(i), all.get(i));
                }
            }
            hostIsCurrent = true;
        }
        return new TrainedTensor(
                name,
                master.shape(),
                all.get(0).data(),
                all.get(3).data(),
                all.get(1).data(),
                all.get(2).data(),
                base);
    }

    private static HostTensor inHostMemory(Tensor tensor) {
        return tensor instanceof HostTensor own
                ? own
                : HostTensor.allocate(Arena.ofAuto(), tensor.dtype(), tensor.shape());
    }
}
