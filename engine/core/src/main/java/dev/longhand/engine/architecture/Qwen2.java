package dev.longhand.engine.architecture;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.file.Settings;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Qwen2 and Qwen2.5: queries, keys and values have biases, all other linear layers have none. */
final class Qwen2 {
    private static final String LAYERS = "model.layers";

    private Qwen2() {}

    /**
     * Reads a {@code config.json}.
     *
     * @throws InputException if it requests an unsupported feature
     */
    static ModelConfig config(Settings settings) {
        String activation = settings.string("hidden_act").orElse("silu");
        if (!activation.equals("silu")) {
            throw settings.refuse(
                    "hidden_act", "is " + ErrorText.quote(activation) + ": only silu is supported");
        }
        if (settings.bool("use_sliding_window", false)) {
            throw settings.refuse("use_sliding_window", "is true: not supported");
        }
        ModelConfig config = ModelConfig.of(Architecture.QWEN2, settings);
        return settings.object("dual_chunk_attention_config")
                .map(chunks -> config.withPositions(firstChunk(chunks)))
                .orElse(config);
    }

    /**
     * Returns the positions for which dual chunk attention (Qwen2.5-1M) is ordinary attention:
     * those of the first chunk.
     */
    private static int firstChunk(Settings chunks) {
        int size = chunks.requiredInteger("chunk_size", 1, Integer.MAX_VALUE);
        int local = chunks.requiredInteger("local_size", 0, size - 1);
        return size - local;
    }

    static ModelLayout layout(ModelConfig model) {
        int hidden = model.hiddenSize();
        LinearModule embedding =
                LinearModule.unbiased("model.embed_tokens", model.vocabSize(), hidden);
        List<LayerLayout> layers = new ArrayList<>();
        for (int i = 0; i < model.layers(); i++) {
            layers.add(layer(LAYERS + "." + i + ".", model));
        }
        return new ModelLayout(
                embedding,
                LAYERS,
                layers,
                new NormModule("model.norm", hidden),
                model.tiedEmbeddings()
                        ? embedding
                        : LinearModule.unbiased("lm_head", model.vocabSize(), hidden));
    }

    private static LayerLayout layer(String prefix, ModelConfig model) {
        int hidden = model.hiddenSize();
        int queries = model.heads() * model.headDim();
        int keys = model.kvHeads() * model.headDim();
        int inner = model.intermediateSize();
        String attention = prefix + "self_attn.";
        String mlp = prefix + "mlp.";
        return new LayerLayout(
                new NormModule(prefix + "input_layernorm", hidden),
                new NormModule(prefix + "post_attention_layernorm", hidden),
                Map.of(
                        Projection.Q, LinearModule.biased(attention + "q_proj", queries, hidden),
                        Projection.K, LinearModule.biased(attention + "k_proj", keys, hidden),
                        Projection.V, LinearModule.biased(attention + "v_proj", keys, hidden),
                        Projection.O, LinearModule.unbiased(attention + "o_proj", hidden, queries),
                        Projection.GATE, LinearModule.unbiased(mlp + "gate_proj", inner, hidden),
                        Projection.UP, LinearModule.unbiased(mlp + "up_proj", inner, hidden),
                        Projection.DOWN, LinearModule.unbiased(mlp + "down_proj", hidden, inner)));
    }
}
