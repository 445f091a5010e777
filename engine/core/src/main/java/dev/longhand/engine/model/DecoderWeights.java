package dev.longhand.engine.model;

import dev.longhand.engine.architecture.LayerLayout;
import dev.longhand.engine.architecture.LinearModule;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.architecture.ModelLayout;
import dev.longhand.engine.architecture.NormModule;
import dev.longhand.engine.architecture.Projection;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.status.LoadProgress;
import dev.longhand.engine.weights.Checkpoint;
import dev.longhand.kernels.backend.BackendMemory;
import dev.longhand.kernels.matmul.Linear;
import dev.longhand.kernels.matmul.LinearMatrix;
import dev.longhand.kernels.norm.HeadNorms;
import dev.longhand.kernels.norm.Norm;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The weights of a decoder model, placed on a backend. {@link LinearWeights} decides the format of
 * the matrices; norms and biases (0.003 % of a 32B model) are converted to F32.
 *
 * @param embedding [vocabulary, hidden]
 * @param layers one per transformer layer
 * @param finalNorm of width hidden
 * @param head maps hidden to logits: a matrix of its own, or the embedding if they are tied and the
 *     head is not quantised
 */
public record DecoderWeights(Tensor embedding, List<Layer> layers, Norm finalNorm, Linear head) {
    /**
     * One transformer layer.
     *
     * @param inputNorm of width hidden
     * @param headNorms of queries and keys, or null
     * @param qkv hidden to (heads + 2 kvHeads) headDim, with biases if the family has them
     * @param output heads headDim to hidden
     * @param attentionNorm of width hidden, for attention's output; null if the family has none
     * @param mlpNorm of width hidden
     * @param gateUp hidden to 2 intermediate
     * @param down intermediate to hidden
     * @param outputNorm of width hidden, for the MLP's output; null together with {@code
     *     attentionNorm}
     */
    public record Layer(
            Norm inputNorm,
            @Nullable HeadNorms headNorms,
            Linear qkv,
            Linear output,
            @Nullable Norm attentionNorm,
            Norm mlpNorm,
            Linear gateUp,
            Linear down,
            @Nullable Norm outputNorm) {
        /** Returns the linear layer that computes a group of projections. */
        public Linear group(Projection.Group group) {
            return switch (group) {
                case QKV -> qkv;
                case OUTPUT -> output;
                case GATE_UP -> gateUp;
                case DOWN -> down;
            };
        }
    }

    /**
     * Places every tensor of a checkpoint on a backend. The layout of the family gives their names.
     *
     * @param linear places the matrices of linear layers
     * @param progress notified as tensors are placed and checked
     * @param hostMemory holds the F32 copies of norms and biases; must live as long as the backend
     * @throws InputException if a tensor is missing, has another shape, or has NaN or infinity
     */
    public static DecoderWeights bind(
            Checkpoint checkpoint,
            ModelConfig config,
            BackendMemory memory,
            LinearWeights linear,
            LoadProgress progress,
            Arena hostMemory) {
        return new Binder(checkpoint, config, memory, linear, progress, hostMemory).bind();
    }

    private static final class Binder {
        private final Checkpoint checkpoint;
        private final ModelLayout layout;
        private final float normEps;
        private final BackendMemory memory;
        private final LinearWeights linear;
        private final LoadProgress progress;
        private final Arena hostMemory;
        private final Map<String, Tensor> unchecked = new LinkedHashMap<>();
        private final long totalBytes;
        private long doneBytes;

        Binder(
                Checkpoint checkpoint,
                ModelConfig config,
                BackendMemory memory,
                LinearWeights linear,
                LoadProgress progress,
                Arena hostMemory) {
            this.checkpoint = checkpoint;
            layout = config.layout();
            normEps = config.rmsNormEps();
            this.memory = memory;
            this.linear = linear;
            totalBytes = linear.bytes();
            this.progress = progress;
            this.hostMemory = hostMemory;
        }

        DecoderWeights bind() {
            LinearModule embedded = layout.embedding();
            boolean packed = linear.packed(embedded);
            Tensor embedding =
                    packed ? matrix(embedded) : placed(embedded.weight(), stored(embedded));
            List<Layer> layers = layout.layers().stream().map(this::layer).toList();
            boolean shared = layout.tied() && (packed || !linear.quantized(layout.head()));
            Tensor head = shared ? embedding : matrix(layout.head());
            return new DecoderWeights(
                    embedding,
                    layers,
                    norm(layout.finalNorm()),
                    linear(List.of(new LinearMatrix(head, null))));
        }

        private Layer layer(LayerLayout layer) {
            return new Layer(
                    norm(layer.inputNorm()),
                    headNorms(layer),
                    linear(
                            List.of(
                                    linearMatrix(layer.linear(Projection.Q)),
                                    linearMatrix(layer.linear(Projection.K)),
                                    linearMatrix(layer.linear(Projection.V)))),
                    linear(List.of(linearMatrix(layer.linear(Projection.O)))),
                    normOrNull(layer.attentionNorm()),
                    norm(layer.mlpNorm()),
                    gatedLinear(layer.linear(Projection.GATE), layer.linear(Projection.UP)),
                    linear(List.of(linearMatrix(layer.linear(Projection.DOWN)))),
                    normOrNull(layer.outputNorm()));
        }

        private Linear linear(List<LinearMatrix> matrices) {
            Linear linear = memory.linear(matrices);
            checkPlaced();
            return linear;
        }

        private Linear gatedLinear(LinearModule gate, LinearModule up) {
            Linear linear = memory.gatedLinear(linearMatrix(gate), linearMatrix(up));
            checkPlaced();
            return linear;
        }

        private LinearMatrix linearMatrix(LinearModule module) {
            return new LinearMatrix(
                    matrix(module),
                    module.biased() ? vector(module.bias(), module.outputs()) : null);
        }

        private @Nullable HeadNorms headNorms(LayerLayout layer) {
            NormModule query = layer.queryNorm();
            NormModule key = layer.keyNorm();
            return query == null || key == null
                    ? null
                    : new HeadNorms(norm(query).weight(), norm(key).weight(), normEps);
        }

        private Norm norm(NormModule module) {
            String name = module.weight();
            HostTensor stored = checkpoint.tensor(name, Shape.of(module.width()));
            HostTensor weight = stored.toF32(hostMemory);
            if (module.base() != 0) {
                weight = plus(module.base(), weight);
            }
            return new Norm(placed(name, memory.place(weight)), normEps);
        }

        private @Nullable Norm normOrNull(@Nullable NormModule module) {
            return module == null ? null : norm(module);
        }

        /** Returns the sums in F32, as transformers computes them in every step. */
        private HostTensor plus(float base, HostTensor weight) {
            HostTensor sum = HostTensor.allocate(hostMemory, DType.F32, weight.shape());
            for (long i = 0; i < weight.shape().elements(); i++) {
                sum.set(i, base + weight.get(i));
            }
            return sum;
        }

        private Tensor matrix(LinearModule module) {
            if (!linear.quantized(module)) {
                return placed(module.weight(), stored(module));
            }
            Tensor tensor = linear.place(module, memory);
            advance(tensor);
            return tensor;
        }

        private Tensor stored(LinearModule module) {
            return memory.place(checkpoint.tensor(module.weight(), module.shape()));
        }

        private Tensor vector(String name, int length) {
            HostTensor stored = checkpoint.tensor(name, Shape.of(length));
            return placed(name, memory.place(stored.toF32(hostMemory)));
        }

        private Tensor placed(String name, Tensor tensor) {
            unchecked.put(name, tensor);
            return tensor;
        }

        /**
         * Checks the tensors placed since the last call. Runs after their linear layer or norm is
         * prepared, because preparing it may move weights.
         */
        private void checkPlaced() {
            unchecked.forEach(this::check);
            unchecked.clear();
        }

        private void check(String name, Tensor tensor) {
            long at = memory.findNonFinite(tensor);
            if (at >= 0) {
                throw new InputException(
                        "%s: tensor %s has NaN or infinity at element %d"
                                .formatted(checkpoint.path(), name, at));
            }
            advance(tensor);
        }

        private void advance(Tensor tensor) {
            doneBytes += tensor.bytes();
            progress.loaded(Math.min(doneBytes, totalBytes), totalBytes);
        }
    }
}
