package dev.longhand.kernels.cpu;

import dev.longhand.bindings.cpu.NativeMatrices;
import dev.longhand.kernels.matmul.Linear;
import dev.longhand.kernels.matmul.PlacedMatrix;
import dev.longhand.kernels.tensor.HostTensor;

import java.lang.foreign.Arena;
import java.util.List;

/** Linear layers with the structs that point the C kernel at their weights. */
final class CpuLinear extends Linear {
    private final NativeMatrices structs;

    CpuLinear(Arena arena, List<PlacedMatrix<HostTensor>> matrices) {
        super(PlacedMatrix.matrices(matrices));
        structs = new NativeMatrices(arena, matrices.size());
        for (int i = 0; i < matrices.size(); i++) {
            PlacedMatrix<HostTensor> matrix = matrices.get(i);
            HostTensor bias = matrix.bias();
            structs.set(
                    i,
                    matrix.weights().data(),
                    bias == null ? null : bias.data(),
                    CpuBackend.dtype(matrix.weights()),
                    matrix.outputs());
        }
    }

    void reload(List<HostTensor> weights) {
        for (int i = 0; i < weights.size(); i++) {
            structs.setWeights(i, weights.get(i).data());
        }
    }

    NativeMatrices structs() {
        return structs;
    }
}
