package dev.longhand.training.model;

import dev.longhand.kernels.Device;
import dev.longhand.kernels.tensor.DType;

import org.jspecify.annotations.Nullable;

/**
 * Options of a decoder in training.
 *
 * @param method the trained tensors
 * @param weights dtype to which the frozen matrices are quantised; null leaves them as stored
 * @param device cpu, cuda, or an emulated CUDA device; auto is the CPU
 * @param layout the place of a run's memory on a GPU; a CPU has one memory
 * @param threads threads of the host; 0 is one per processor
 * @param products F32, or BF16: the factors of every product of a linear layer are rounded to it,
 *     and sums stay F32; on a GPU always BF16
 * @param recompute whether the backward pass recomputes each layer from its input: about a third
 *     more work for memory that grows with a layer's input alone
 */
public record DecoderOptions(
        TrainingMethod method,
        @Nullable DType weights,
        Device device,
        DeviceLayout layout,
        int threads,
        DType products,
        boolean recompute) {
    public DecoderOptions {
        if (method instanceof FullSettings && weights != null) {
            throw new IllegalArgumentException("all weights are trained, so none is quantised");
        }
        if (!layout.allows(method)) {
            throw new IllegalArgumentException("all weights are trained, so none is streamed");
        }
    }

    /** Returns the same with another layout. */
    public DecoderOptions withLayout(DeviceLayout other) {
        return new DecoderOptions(method, weights, device, other, threads, products, recompute);
    }

    /** Returns the same with or without recomputation. */
    public DecoderOptions withRecompute(boolean other) {
        return new DecoderOptions(method, weights, device, layout, threads, products, other);
    }

    /** Options with products in F32, and all memory on the device. */
    public DecoderOptions(
            TrainingMethod method,
            @Nullable DType weights,
            Device device,
            int threads,
            boolean recompute) {
        this(method, weights, device, DeviceLayout.RESIDENT, threads, DType.F32, recompute);
    }
}
