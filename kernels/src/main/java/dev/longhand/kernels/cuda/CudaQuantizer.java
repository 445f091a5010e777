package dev.longhand.kernels.cuda;

import dev.longhand.kernels.quantization.HostQuantizer;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/** Quantises weights in host memory, where they stay until a linear layer uploads them. */
final class CudaQuantizer implements AutoCloseable {
    private final DeviceMemory memory;
    private final List<WeightTensor> tensors = new ArrayList<>();
    private @Nullable HostQuantizer host;

    CudaQuantizer(DeviceMemory memory) {
        this.memory = memory;
    }

    /** Quantises a matrix; see {@code ComputeBackend.quantize}. */
    @SuppressWarnings("MustBeClosedChecker") // the tensor closes the arena
    WeightTensor quantize(HostTensor weights, DType dtype) {
        Arena own = Arena.ofShared();
        HostTensor quantized = HostTensor.allocate(own, dtype, weights.shape());
        WeightTensor tensor = WeightTensor.owning(memory, quantized, own);
        tensors.add(tensor);
        HostQuantizer quantizer = host != null ? host : new HostQuantizer(0);
        host = quantizer;
        quantizer.quantize(weights, quantized);
        return tensor;
    }

    @Override
    public void close() {
        tensors.forEach(WeightTensor::release);
        HostQuantizer quantizer = host;
        if (quantizer != null) {
            quantizer.close();
        }
    }
}
