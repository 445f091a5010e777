package dev.longhand.kernels.cpu;

import dev.longhand.bindings.cpu.CpuAvailability;
import dev.longhand.bindings.cpu.CpuContext;
import dev.longhand.bindings.cpu.CpuLibrary;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Quantizer;

import org.jspecify.annotations.Nullable;

/**
 * Quantises in host memory for backends that compute elsewhere: with the C kernels where they have
 * the format, many times as fast as {@link Quantizer} and with the same bits, and with that
 * otherwise.
 */
public final class HostQuantizer implements AutoCloseable {
    private final @Nullable CpuContext context;

    /** Starts a thread per processor. */
    public HostQuantizer() {
        int threads = Runtime.getRuntime().availableProcessors();
        context =
                CpuBackend.availability() instanceof CpuAvailability.Present(CpuLibrary library)
                        ? library.open(null, threads)
                        : null;
    }

    /**
     * Quantises a matrix.
     *
     * @param weights [outputs, inputs], finite, in native memory
     * @param quantized of the same shape, in native memory
     */
    public void quantize(HostTensor weights, HostTensor quantized) {
        if (context == null || !CpuBackend.reads(quantized.dtype())) {
            Quantizer.quantize(weights, quantized);
            return;
        }
        context.quantize(
                weights.data(),
                CpuBackend.dtype(weights),
                Math.toIntExact(weights.shape().extent(0)),
                Math.toIntExact(weights.shape().extent(1)),
                CpuBackend.dtype(quantized),
                quantized.data());
    }

    @Override
    public void close() {
        if (context != null) {
            context.close();
        }
    }
}
