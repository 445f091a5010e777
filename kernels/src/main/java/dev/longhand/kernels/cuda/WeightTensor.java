package dev.longhand.kernels.cuda;

import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.Optional;

/**
 * Weights from host memory. Linear layers upload them in a layout of their own, as a matrix or as a
 * part of one; other kernels read them in their original layout. Each form is uploaded on first
 * use.
 */
final class WeightTensor implements CudaTensor {
    private final DeviceMemory memory;
    private final DType dtype;
    private final Shape shape;
    private Source source;
    private @Nullable Upload upload;
    private long address;

    /** The location of the elements on the host. */
    private sealed interface Source {}

    /** Elements in the caller's memory, which outlives this tensor. */
    private record Borrowed(HostTensor host) implements Source {}

    /** Elements in memory of this tensor, which is freed once a linear layer has uploaded them. */
    private record Owned(HostTensor host, Arena arena) implements Source {}

    /** Elements that only the device still has, in the matrix of a linear layer. */
    private record Freed() implements Source {}

    /**
     * The elements on the device, in the layout of the linear kernels.
     *
     * @param stacked whether the matrix has other weights' rows too
     */
    private record Upload(CudaMatrix matrix, boolean stacked) {}

    private WeightTensor(DeviceMemory memory, HostTensor host, Source source) {
        this.memory = memory;
        this.source = source;
        dtype = host.dtype();
        shape = host.shape();
    }

    /** Weights in memory that outlives the tensor. */
    static WeightTensor borrowing(DeviceMemory memory, HostTensor host) {
        return new WeightTensor(memory, host, new Borrowed(host));
    }

    /** Weights in an arena that the tensor closes when a linear layer has uploaded them. */
    static WeightTensor owning(DeviceMemory memory, HostTensor host, Arena arena) {
        return new WeightTensor(memory, host, new Owned(host, arena));
    }

    /**
     * Casts a tensor to weights.
     *
     * @throws IllegalArgumentException if it does not come from the host
     */
    static WeightTensor of(CudaTensor tensor) {
        return switch (tensor) {
            case WeightTensor weights -> weights;
            case DeviceTensor _ -> throw notFromTheHost();
        };
    }

    private static IllegalArgumentException notFromTheHost() {
        return new IllegalArgumentException("weights must come from the host");
    }

    @Override
    public DType dtype() {
        return dtype;
    }

    @Override
    public Shape shape() {
        return shape;
    }

    @Override
    public CudaTensor view(long first, Shape part) {
        throw new UnsupportedOperationException("a part of weights that a linear layer reads");
    }

    @Override
    public long address() {
        if (address == 0) {
            address = memory.place(source().data());
        }
        return address;
    }

    /** The elements in host memory; empty once that memory is freed. */
    Optional<HostTensor> host() {
        return switch (source) {
            case Borrowed borrowed -> Optional.of(borrowed.host());
            case Owned owned -> Optional.of(owned.host());
            case Freed _ -> Optional.empty();
        };
    }

    /**
     * Returns the elements in host memory.
     *
     * @throws IllegalArgumentException if that memory is freed
     */
    HostTensor source() {
        return host().orElseThrow(WeightTensor::notFromTheHost);
    }

    /** The elements as a matrix of the linear kernels; uploaded once. */
    CudaMatrix matrix() {
        if (upload == null || upload.stacked()) {
            StackedMatrices alone = new StackedMatrices(List.of(source()), false);
            upload = new Upload(new CudaMatrix(memory, alone), false);
        }
        return upload.matrix();
    }

    /**
     * Records the matrix in which a linear layer has uploaded the elements; frees own host memory.
     */
    void uploadedIn(CudaMatrix matrix) {
        if (upload == null) {
            upload = new Upload(matrix, true);
        }
        release();
    }

    /** The matrix on the device that has the elements; null before they are uploaded. */
    @Nullable CudaMatrix uploaded() {
        return upload == null ? null : upload.matrix();
    }

    /** Frees the tensor's own host memory, if any. */
    void release() {
        if (source instanceof Owned owned) {
            source = new Freed();
            owned.arena().close();
        }
    }
}
