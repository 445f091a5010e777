package dev.longhand.training.model;

import dev.longhand.kernels.backend.TrainingBackend;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/** The inputs of all layers, for one sequence, in host memory. */
final class HostInputs implements AutoCloseable {
    private final Arena arena = Arena.ofShared();
    private final List<HostTensor> inputs = new ArrayList<>();

    HostInputs(int layers, int rows, int width) {
        for (int i = 0; i < layers; i++) {
            inputs.add(HostTensor.allocate(arena, DType.F32, Shape.of(rows, width)));
        }
    }

    void keep(TrainingBackend backend, int layer, Tensor from) {
        backend.read(from, inputs.get(layer).view(0, from.shape()));
    }

    void restore(TrainingBackend backend, int layer, Tensor to) {
        backend.write(inputs.get(layer).view(0, to.shape()), to);
    }

    @Override
    public void close() {
        arena.close();
    }
}
