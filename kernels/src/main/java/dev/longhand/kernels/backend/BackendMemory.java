package dev.longhand.kernels.backend;

import dev.longhand.kernels.batch.StepBatch;
import dev.longhand.kernels.kvcache.KvCache;
import dev.longhand.kernels.kvcache.KvShape;
import dev.longhand.kernels.lora.LoraAdapter;
import dev.longhand.kernels.lora.LoraDelta;
import dev.longhand.kernels.matmul.Linear;
import dev.longhand.kernels.matmul.LinearMatrix;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

import java.util.List;
import java.util.OptionalLong;
import java.util.function.Consumer;

/**
 * The memory of a backend: activations, weights and the linear layers and adapters prepared from
 * them, KV caches and step batches. Tensors, weights and linear layers live until the backend
 * closes; adapters, KV caches and batches until their owner closes them.
 *
 * @see ComputeBackend
 */
public interface BackendMemory {
    /** Allocates a tensor of zeros. */
    Tensor allocate(DType dtype, Shape shape);

    /**
     * Makes host memory readable to the backend: the same memory on a CPU, a copy on a device. The
     * caller keeps the host memory alive as long as the backend.
     */
    Tensor place(HostTensor tensor);

    /**
     * Quantises the weights of a linear layer, see {@code tensor.Quantizer}. The host memory may be
     * freed afterwards.
     *
     * @param weights [outputs, inputs], finite
     * @param dtype a quantised dtype that the {@link Capabilities} include
     */
    Tensor quantize(HostTensor weights, DType dtype);

    /**
     * Allocates weights of a linear layer that the caller has already quantised.
     *
     * @param dtype a quantised dtype that the {@link Capabilities} include
     * @param shape [outputs, inputs]
     * @param content writes the weights into a zeroed tensor, in the layout of {@code
     *     tensor.QuantizedMatrix}; called once, before this method returns
     */
    Tensor fillWeights(DType dtype, Shape shape, Consumer<HostTensor> content);

    /** Prepares linear layers that read the same input. */
    Linear linear(List<LinearMatrix> matrices);

    /**
     * Prepares gate and up for {@link DecoderOps#applyGated}. A backend may interleave their rows.
     *
     * @param gate [width, inputs], no bias
     * @param up [width, inputs], no bias
     */
    Linear gatedLinear(LinearMatrix gate, LinearMatrix up);

    /**
     * Prepares an adapter: copies it to a device, or reads it in host memory. The caller keeps the
     * host memory alive as long as the adapter.
     *
     * @param deltas one per group of linear layers that the adapter changes
     */
    LoraAdapter adapter(List<LoraDelta> deltas);

    /**
     * Replaces the weights of prepared linear layers with others of the same shapes and dtypes. The
     * caller keeps the host memory alive until they are replaced again.
     *
     * @throws IllegalArgumentException if a shape or dtype differs
     */
    void reload(Linear linear, List<HostTensor> weights);

    /** Allocates a KV cache. Where the backend can, it commits memory only as pages are written. */
    KvCache allocateKv(KvShape shape);

    /** Allocates an empty step batch; arguments as in {@link StepBatch#StepBatch}. */
    StepBatch allocateBatch(int rowsMax, int sequencesMax, int pagesPerSequence);

    /**
     * Copies one page in every layer. Positions that were never appended stay undefined in the
     * copy.
     */
    void copyPage(KvCache kv, int from, int to);

    /**
     * Returns the row-major index of the first NaN or infinity in a tensor of this backend or of
     * the host, or -1. On a device, call this after a linear layer has uploaded the weights: it
     * then scans them in device memory.
     */
    long findNonFinite(Tensor tensor);

    /** Copies one row of an F32 tensor to the host. */
    void read(Tensor tensor, int row, float[] into);

    /** Free bytes of the backend's own memory; empty if it computes in host memory. */
    OptionalLong freeBytes();

    /** Bytes that steps of this shape need in addition to activations. */
    long scratchBytes(StepShape step);
}
