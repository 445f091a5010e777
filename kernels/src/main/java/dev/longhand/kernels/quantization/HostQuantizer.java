package dev.longhand.kernels.quantization;

import dev.longhand.bindings.cpu.CpuAvailability;
import dev.longhand.bindings.cpu.CpuContext;
import dev.longhand.bindings.cpu.CpuLibrary;
import dev.longhand.kernels.cpu.CpuBackend;
import dev.longhand.kernels.cpu.CpuDtypes;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Quantizer;

import org.jspecify.annotations.Nullable;

/**
 * Quantises weights in host memory, for any backend. Uses the C kernels for the formats that they
 * support, else {@link Quantizer}; the C kernels give the same bits many times faster. Owns threads
 * until it is closed.
 */
public final class HostQuantizer implements AutoCloseable {
    private final @Nullable CpuContext context;

    /**
     * Starts the threads.
     *
     * @param threads number of threads; 0 is one per processor
     */
    public HostQuantizer(int threads) {
        int count = threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
        context =
                CpuBackend.availability() instanceof CpuAvailability.Present(CpuLibrary library)
                        ? library.open(null, count)
                        : null;
    }

    /** Whether a C kernel quantises to a dtype; if not, the slow {@link Quantizer} does. */
    public static boolean hasKernel(DType dtype) {
        return CpuDtypes.has(dtype);
    }

    /** The row-major index of the first NaN or infinity in weights in native memory, or -1. */
    public long findNonFinite(HostTensor weights) {
        return context == null
                ? weights.findNonFinite()
                : context.findNonFinite(
                        weights.data(), CpuDtypes.of(weights.dtype()), weights.shape().elements());
    }

    /**
     * Quantises a matrix.
     *
     * @param weights [outputs, inputs], finite, in native memory
     * @param quantized of the same shape, in native memory
     */
    public void quantize(HostTensor weights, HostTensor quantized) {
        if (context == null || !hasKernel(quantized.dtype())) {
            Quantizer.quantize(weights, quantized);
            return;
        }
        context.quantize(
                weights.data(),
                CpuDtypes.of(weights.dtype()),
                Math.toIntExact(weights.shape().extent(0)),
                Math.toIntExact(weights.shape().extent(1)),
                CpuDtypes.of(quantized.dtype()),
                quantized.data());
    }

    @Override
    public void close() {
        if (context != null) {
            context.close();
        }
    }
}
