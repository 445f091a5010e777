package dev.longhand.engine.model;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.weights.Checkpoint;
import dev.longhand.engine.weights.LoadProgress;
import dev.longhand.kernels.backend.BackendMemory;
import dev.longhand.kernels.matmul.Linear;
import dev.longhand.kernels.matmul.LinearMatrix;
import dev.longhand.kernels.norm.Norm;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The weights of a Qwen2 model, placed on a backend. Matrices are kept as {@link LinearWeights}
 * says; norms and biases (0.003 % of a 32B model) become F32.
 *
 * @param embedding [vocabulary, hidden]
 * @param layers one per transformer layer
 * @param finalNorm of width hidden
 * @param head logits from hidden: its own matrix, or the embedding where that is tied
 */
public record Qwen2Weights(Tensor embedding, List<Layer> layers, Norm finalNorm, Linear head) {
    static final String EMBEDDING = "model.embed_tokens.weight";
    static final String HEAD = "lm_head.weight";

    /**
     * One transformer layer.
     *
     * @param inputNorm of width hidden
     * @param qkv hidden to (heads + 2 kvHeads) headDim, with biases
     * @param output heads headDim to hidden
     * @param postAttentionNorm of width hidden
     * @param gateUp hidden to 2 intermediate
     * @param down intermediate to hidden
     */
    public record Layer(
            Norm inputNorm,
            Linear qkv,
            Linear output,
            Norm postAttentionNorm,
            Linear gateUp,
            Linear down) {}

    /**
     * Binds every tensor of the checkpoint by its Hugging Face name.
     *
     * @param linear how the matrices of linear layers are kept
     * @param progress told as tensors are placed and checked
     * @param hostMemory where the F32 copies of norms and biases live; as long as the backend
     * @throws InputException if a tensor is missing, has another shape, or has NaN or infinity
     */
    public static Qwen2Weights bind(
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
        private final ModelConfig config;
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
            this.config = config;
            this.memory = memory;
            this.linear = linear;
            totalBytes = linear.bytes();
            this.progress = progress;
            this.hostMemory = hostMemory;
        }

        Qwen2Weights bind() {
            Tensor embedding = placed(EMBEDDING, config.vocabSize(), config.hiddenSize());
            List<Layer> layers = new ArrayList<>();
            for (int i = 0; i < config.layers(); i++) {
                layers.add(layer("model.layers." + i + "."));
            }
            String headName = config.tiedEmbeddings() ? EMBEDDING : HEAD;
            boolean shared = config.tiedEmbeddings() && !linear.quantized(EMBEDDING);
            Tensor head =
                    shared ? embedding : matrix(headName, config.vocabSize(), config.hiddenSize());
            return new Qwen2Weights(
                    embedding,
                    layers,
                    norm("model.norm.weight"),
                    linear(List.of(new LinearMatrix(head, null))));
        }

        private Layer layer(String prefix) {
            int hidden = config.hiddenSize();
            int queries = config.heads() * config.headDim();
            int keys = config.kvHeads() * config.headDim();
            return new Layer(
                    norm(prefix + "input_layernorm.weight"),
                    linear(
                            List.of(
                                    biased(prefix + "self_attn.q_proj", queries),
                                    biased(prefix + "self_attn.k_proj", keys),
                                    biased(prefix + "self_attn.v_proj", keys))),
                    plain(prefix + "self_attn.o_proj", hidden, queries),
                    norm(prefix + "post_attention_layernorm.weight"),
                    gateUp(prefix),
                    plain(prefix + "mlp.down_proj", hidden, config.intermediateSize()));
        }

        private Linear linear(List<LinearMatrix> matrices) {
            Linear linear = memory.linear(matrices);
            checkPlaced();
            return linear;
        }

        private Linear gateUp(String prefix) {
            Linear linear =
                    memory.gatedLinear(
                            unbiased(prefix + "mlp.gate_proj", config.intermediateSize()),
                            unbiased(prefix + "mlp.up_proj", config.intermediateSize()));
            checkPlaced();
            return linear;
        }

        private Linear plain(String name, int outputs, int inputs) {
            return linear(
                    List.of(new LinearMatrix(matrix(name + ".weight", outputs, inputs), null)));
        }

        private Norm norm(String name) {
            return new Norm(vector(name, config.hiddenSize()), config.rmsNormEps());
        }

        private LinearMatrix unbiased(String name, int outputs) {
            return new LinearMatrix(matrix(name + ".weight", outputs, config.hiddenSize()), null);
        }

        private LinearMatrix biased(String name, int outputs) {
            return new LinearMatrix(
                    matrix(name + ".weight", outputs, config.hiddenSize()),
                    vector(name + ".bias", outputs));
        }

        private Tensor matrix(String name, int rows, int columns) {
            if (!linear.quantized(name)) {
                return placed(name, rows, columns);
            }
            Tensor tensor = linear.place(name, Shape.of(rows, columns), memory);
            advance(tensor);
            return tensor;
        }

        private Tensor placed(String name, int rows, int columns) {
            return placed(name, memory.place(checkpoint.tensor(name, Shape.of(rows, columns))));
        }

        private Tensor vector(String name, int length) {
            HostTensor stored = checkpoint.tensor(name, Shape.of(length));
            return placed(name, memory.place(stored.toF32(hostMemory)));
        }

        private Tensor placed(String name, Tensor tensor) {
            unchecked.put(name, tensor);
            return tensor;
        }

        /** When what they belong to is made, weights are where they stay. */
        private void checkPlaced() {
            unchecked.forEach(this::check);
            unchecked.clear();
        }

        private void check(String name, Tensor tensor) {
            long at = memory.findNonFinite(tensor);
            if (at >= 0) {
                throw new InputException(
                        "%s: tensor %s has NaN or infinity at element %d"
                                .formatted(checkpoint.folder(), name, at));
            }
            advance(tensor);
        }

        private void advance(Tensor tensor) {
            doneBytes += tensor.bytes();
            progress.loaded(Math.min(doneBytes, totalBytes), totalBytes);
        }
    }
}
