package dev.longhand.kernels.cuda;

import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.Optional;

/**
 * A tensor of a device. One placed from the host is uploaded when something first asks for its
 * address, since weights of linear layers go up in a layout of their own and never as they are.
 */
final class CudaTensor implements Tensor {
    private final DType dtype;
    private final Shape shape;
    private final @Nullable Arena owned;
    private @Nullable HostTensor host;
    private final DeviceMemory memory;
    private long address;
    private @Nullable CudaMatrix matrix;
    private @Nullable CudaMatrix part;

    /** A tensor of zeros. */
    CudaTensor(DeviceMemory memory, DType dtype, Shape shape) {
        this.memory = memory;
        this.dtype = dtype;
        this.shape = shape;
        host = null;
        owned = null;
        address = memory.allocateZeros(bytes());
    }

    /** A host tensor, uploaded on demand. */
    CudaTensor(DeviceMemory memory, HostTensor host) {
        this(memory, host, null);
    }

    /** A host tensor whose memory is freed when a linear layer has uploaded it. */
    CudaTensor(DeviceMemory memory, HostTensor host, @Nullable Arena owned) {
        this.memory = memory;
        this.host = host;
        this.owned = owned;
        dtype = host.dtype();
        shape = host.shape();
    }

    @Override
    public DType dtype() {
        return dtype;
    }

    @Override
    public Shape shape() {
        return shape;
    }

    /** Where its elements are, row-major in its own dtype. */
    long address() {
        if (address == 0) {
            address = memory.place(source().data());
        }
        return address;
    }

    /** What it was placed from, if it was and that is still there. */
    Optional<HostTensor> placed() {
        return Optional.ofNullable(host);
    }

    /** The host's elements. */
    HostTensor source() {
        return placed().orElseThrow(
                        () -> new IllegalArgumentException("weights must come from the host"));
    }

    /** Notes that a linear layer has uploaded it as a part of a matrix. */
    void uploadedIn(CudaMatrix whole) {
        part = whole;
        release();
    }

    /** Frees host memory of its own. */
    void release() {
        if (owned != null && owned.scope().isAlive()) {
            host = null;
            owned.close();
        }
    }

    /** The matrix that it is, or a part of, on the device; null before it is uploaded. */
    @Nullable CudaMatrix uploaded() {
        return part != null ? part : matrix;
    }

    /** The elements as a matrix of the linear kernels; uploaded once. */
    CudaMatrix matrix() {
        if (matrix == null) {
            matrix = new CudaMatrix(memory, new StackedMatrices(List.of(source()), false));
        }
        return matrix;
    }
}
