package dev.longhand.kernels.cuda;

import dev.longhand.kernels.cuda.KernelStruct.Int32;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.QuantFormat;
import dev.longhand.kernels.tensor.QuantizedMatrix;
import dev.longhand.kernels.tensor.ScaleType;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Weights of host memory that training reads and never writes: each is uploaded as stored when a
 * kernel first reads it, and stays; or the matrices of the layers are streamed. Products read BF16
 * and F32; other dtypes are expanded to BF16 in scratch memory before each product.
 */
final class FrozenWeights {
    private static final int THREADS = 256;
    private static final KernelStruct LAYOUT = new KernelStruct("QuantizedLayout");
    private static final Int32 BITS = LAYOUT.int32("bits");
    private static final Int32 GROUP = LAYOUT.int32("group");
    private static final Int32 BLOCK = LAYOUT.int32("block");
    private static final Int32 BLOCK_BYTES = LAYOUT.int32("blockBytes");
    private static final Int32 HEADER_BYTES = LAYOUT.int32("headerBytes");
    private static final Int32 GROUP_HEADER_BYTES = LAYOUT.int32("groupHeaderBytes");
    private static final Int32 HALF_SCALES = LAYOUT.int32("halfScales");
    private static final Int32 ZEROS = LAYOUT.int32("zeros");
    private static final Int32 FIXED_ZERO = LAYOUT.int32("fixedZero");
    private static final Int32 E4M3 = LAYOUT.int32("e4m3");

    private final DeviceMemory memory;
    private final @Nullable StreamedLayers streamed;
    private final ScratchMemory expanded;
    private final Map<HostTensor, Long> uploaded = new HashMap<>();
    private final KernelCall expandF16;
    private final KernelCall expandQuantized;

    /**
     * Creates an empty set.
     *
     * @param streamed the layers' memory if not all of them stay on the device
     */
    FrozenWeights(DeviceMemory memory, CudaKernels kernels, @Nullable StreamedLayers streamed) {
        this.memory = memory;
        this.streamed = streamed;
        expanded = new ScratchMemory(memory);
        expandF16 = kernels.call("expand_training", "expand_f16");
        expandQuantized = kernels.call("expand_training", "expand_quantized");
    }

    /** Returns the address of a tensor's elements on the device. */
    long address(Tensor tensor) {
        return switch (tensor) {
            case DeviceTensor device -> device.address();
            case HostTensor host -> hostAddress(host);
            default -> throw new IllegalArgumentException("a tensor of another backend");
        };
    }

    private long hostAddress(HostTensor host) {
        Long staged = streamed == null ? null : streamed.address(host);
        return staged != null
                ? staged
                : uploaded.computeIfAbsent(host, each -> memory.place(each.data()));
    }

    /** Brings the weights of a layer that are in host memory. */
    void stage(List<? extends Tensor> weights) {
        if (streamed != null) {
            List<HostTensor> ofHost = new ArrayList<>();
            for (Tensor tensor : weights) {
                if (tensor instanceof HostTensor host) {
                    ofHost.add(host);
                }
            }
            streamed.stage(ofHost);
        }
    }

    /** Returns weights as a product reads them; the memory is the next product's if expanded. */
    DeviceTensor operand(Tensor weights) {
        long address = address(weights);
        Shape shape = weights.shape();
        if (weights.dtype() == DType.F32 || weights.dtype() == DType.BF16) {
            return new DeviceTensor(weights.dtype(), shape, address);
        }
        long to = expanded.bytes(DType.BF16.bytes(shape));
        if (weights.dtype() == DType.F16) {
            long count = shape.elements();
            expandF16.begin().parameter(address).parameter(to).parameter(count);
            expandF16.launch(Math.toIntExact(Math.ceilDiv(count, THREADS)), 1, 1, THREADS);
        } else {
            expand(weights, address, to);
        }
        return new DeviceTensor(DType.BF16, shape, to);
    }

    private void expand(Tensor weights, long address, long to) {
        int rows = Math.toIntExact(weights.shape().rows());
        int width = Math.toIntExact(weights.shape().width());
        QuantFormat format = weights.dtype().format();
        int bits = format.codes().bits();
        int tile = QuantizedMatrix.TILE_ROWS;
        int header = tile * format.blockHeaderBytes();
        KernelCall call = expandQuantized.begin().parameter(address).struct(LAYOUT);
        call.set(BITS, bits)
                .set(GROUP, format.group())
                .set(BLOCK, format.blockWeights())
                .set(BLOCK_BYTES, tile * format.blockBytes())
                .set(HEADER_BYTES, header)
                .set(GROUP_HEADER_BYTES, header / format.blockGroups())
                .set(HALF_SCALES, format.scale() == ScaleType.F16 ? 1 : 0)
                .set(ZEROS, format.storesZeros() ? 1 : 0)
                .set(FIXED_ZERO, format.fixedZero())
                .set(E4M3, weights.dtype() == DType.FP8 ? 1 : 0);
        call.parameter(to).parameter(rows).parameter(width);
        int words = Math.ceilDiv(width, Integer.SIZE / bits);
        int perBlock = THREADS / tile;
        call.launch(Math.ceilDiv(words, perBlock), Math.ceilDiv(rows, tile), 1, THREADS);
    }
}
