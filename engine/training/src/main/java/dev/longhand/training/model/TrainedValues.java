package dev.longhand.training.model;

import dev.longhand.kernels.backend.TrainingBackend;
import dev.longhand.kernels.optimizer.AdamW;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;

/** A tensor in training with its gradient, its moments and, if products read BF16, its copy. */
final class TrainedValues {
    private final String name;
    private final HostTensor master;
    private final HostTensor gradient;
    private final HostTensor firstMoment;
    private final HostTensor secondMoment;
    private final @Nullable HostTensor copy;

    /**
     * Allocates zeros.
     *
     * @param bf16 whether products read a copy in BF16
     */
    TrainedValues(Arena arena, String name, Shape shape, boolean bf16) {
        this.name = name;
        master = HostTensor.allocate(arena, DType.F32, shape);
        gradient = HostTensor.allocate(arena, DType.F32, shape);
        firstMoment = HostTensor.allocate(arena, DType.F32, shape);
        secondMoment = HostTensor.allocate(arena, DType.F32, shape);
        copy = bf16 ? HostTensor.allocate(arena, DType.BF16, shape) : null;
    }

    void set(HostTensor values) {
        for (long i = 0; i < values.shape().elements(); i++) {
            master.set(i, values.get(i));
        }
    }

    HostTensor master() {
        return master;
    }

    HostTensor gradient() {
        return gradient;
    }

    /** Returns the values that products read. */
    HostTensor published() {
        return copy == null ? master : copy;
    }

    void publish(TrainingBackend backend) {
        if (copy != null) {
            backend.round(master, copy);
        }
    }

    void update(TrainingBackend backend, AdamWStep step) {
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
        backend.update(settings, master, gradient, firstMoment, secondMoment, copy);
    }

    TrainedTensor tensor() {
        return new TrainedTensor(
                name,
                master.shape(),
                master.data(),
                gradient.data(),
                firstMoment.data(),
                secondMoment.data());
    }
}
