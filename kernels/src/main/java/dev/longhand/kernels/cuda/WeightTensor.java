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
 * part of one; other kernels read them as they are. Either is uploaded when it is first asked for.
 */
final class WeightTensor implements CudaTensor {
    private final DeviceMemory memory;
    private final DType dtype;
    private final Shape shape;
    private Source source;
    private @Nullable Upload upload;
    private long address;

    /** Where the host has the elements. */
    private sealed interface Source {}

    /** In memory of the caller's, which outlives this tensor. */
    private record Borrowed(HostTensor host) implements Source {}

    /** In memory of this tensor's, until a linear layer has uploaded them. */
    private record Owned(HostTensor host, Arena arena) implements Source {}

    /** Only the device has them, in the matrix of a linear layer. */
    private record Freed() implements Source {}

    /**
     * The elements in the layout of the linear kernels.
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
     * A tensor as weights.
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
    public long address() {
        if (address == 0) {
            address = memory.place(source().data());
        }
        return address;
    }

    /** The host's elements; empty once their memory is freed. */
    Optional<HostTensor> host() {
        return switch (source) {
            case Borrowed borrowed -> Optional.of(borrowed.host());
            case Owned owned -> Optional.of(owned.host());
            case Freed _ -> Optional.empty();
        };
    }

    /**
     * The host's elements.
     *
     * @throws IllegalArgumentException if their memory is freed
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

    /** Notes that a linear layer has uploaded the elements in {@code matrix}. */
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

    /** Frees host memory of the tensor's own. */
    void release() {
        if (source instanceof Owned owned) {
            source = new Freed();
            owned.arena().close();
        }
    }
}
