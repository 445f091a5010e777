package dev.longhand.kernels.cuda;

import dev.longhand.kernels.matmul.Linear;
import dev.longhand.kernels.matmul.PlacedMatrix;
import dev.longhand.kernels.tensor.HostTensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** Linear layers of the same input, stacked into one matrix and one bias for a single launch. */
final class CudaLinear extends Linear {
    private final CudaMatrix matrix;
    private final long bias;
    private final boolean gated;
    private int loraGroup = -1;

    /** Gate and up interleaved, for {@code silu(gate) * up}. */
    CudaLinear(DeviceMemory memory, PlacedMatrix<CudaTensor> gate, PlacedMatrix<CudaTensor> up) {
        super(List.of(gate.matrix(), up.matrix()));
        List<PlacedMatrix<CudaTensor>> both = List.of(gate, up);
        if (gate.bias() != null || up.bias() != null || gate.outputs() != up.outputs()) {
            throw new IllegalArgumentException("gate and up are of one size and have no bias");
        }
        matrix = new CudaMatrix(memory, new StackedMatrices(sources(both), true));
        bias = 0;
        gated = true;
        both.forEach(part -> WeightTensor.of(part.weights()).uploadedIn(matrix));
    }

    /** Layers whose outputs are concatenated. */
    CudaLinear(DeviceMemory memory, List<PlacedMatrix<CudaTensor>> matrices) {
        super(PlacedMatrix.matrices(matrices));
        matrix =
                matrices.size() == 1
                        ? WeightTensor.of(matrices.getFirst().weights()).matrix()
                        : new CudaMatrix(memory, new StackedMatrices(sources(matrices), false));
        matrices.forEach(part -> WeightTensor.of(part.weights()).uploadedIn(matrix));
        bias = uploadBias(memory, matrices);
        gated = false;
    }

    private static List<HostTensor> sources(List<PlacedMatrix<CudaTensor>> matrices) {
        return matrices.stream().map(part -> WeightTensor.of(part.weights()).source()).toList();
    }

    private long uploadBias(DeviceMemory memory, List<PlacedMatrix<CudaTensor>> matrices) {
        if (matrices.stream().allMatch(part -> part.bias() == null)) {
            return 0;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment all = arena.allocate(ValueLayout.JAVA_FLOAT, outputs());
            long at = 0;
            for (PlacedMatrix<CudaTensor> part : matrices) {
                CudaTensor bias = part.bias();
                if (bias != null) {
                    HostTensor source = WeightTensor.of(bias).source();
                    all.asSlice(at, source.bytes()).copyFrom(source.data());
                }
                at += (long) part.outputs() * Float.BYTES;
            }
            return memory.place(all);
        }
    }

    /** Replaces the weights in place. */
    void reload(DeviceMemory memory, List<HostTensor> weights) {
        matrix.upload(memory, new StackedMatrices(weights, gated));
    }

    /**
     * The index of these layers among the groups that adapters change; -1 before any adapter does.
     */
    int loraGroup() {
        return loraGroup;
    }

    void setLoraGroup(int group) {
        loraGroup = group;
    }

    boolean gated() {
        return gated;
    }

    CudaMatrix matrix() {
        return matrix;
    }

    /** Address of the bias, [outputs] F32, or 0. */
    long bias() {
        return bias;
    }
}
