package dev.longhand.engine.architecture;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.file.ModelFolderCheck;
import dev.longhand.engine.file.Settings;
import dev.longhand.engine.gguf.GgufModel;
import dev.longhand.kernels.attention.AttentionOptions;
import dev.longhand.kernels.kvcache.KvShape;
import dev.longhand.kernels.tensor.DType;

import org.jspecify.annotations.Nullable;

import java.nio.file.Path;
import java.util.List;

/**
 * The hyperparameters of a model, read from {@code config.json}. The models of a family differ in
 * all of them, so the only defaults are those that transformers documents.
 *
 * @param architecture the family
 * @param layers number of transformer layers
 * @param hiddenSize width of the residual stream
 * @param heads number of query heads
 * @param kvHeads number of key/value heads
 * @param headDim elements per head
 * @param intermediateSize width of the MLP
 * @param vocabSize rows of the embedding, padding included
 * @param maxPositions maximum positions of a sequence, YaRN included
 * @param rmsNormEps epsilon that RMSNorm adds to the mean square
 * @param tiedEmbeddings whether the head is the embedding
 * @param rope rotary embedding
 * @param eosTokenIds end tokens, possibly none
 * @param quantization scheme of the checkpoint's linear layers; null if they are not quantised
 * @param traits what the family does differently
 */
public record ModelConfig(
        Architecture architecture,
        int layers,
        int hiddenSize,
        int heads,
        int kvHeads,
        int headDim,
        int intermediateSize,
        int vocabSize,
        int maxPositions,
        float rmsNormEps,
        boolean tiedEmbeddings,
        RopeConfig rope,
        List<Integer> eosTokenIds,
        @Nullable QuantizationScheme quantization,
        DecoderTraits traits) {
    /**
     * Limit of hidden and MLP width. All limits are far above existing models (Qwen2.5-72B: 29,568
     * wide, 80 layers) and small enough for int arithmetic.
     */
    private static final int WIDTH_MAX = 1 << 18;

    private static final int LAYERS_MAX = 1024;
    private static final int VOCABULARY_MAX = 1 << 22;
    private static final int POSITIONS_MAX = 1 << 22;
    private static final int HEAD_DIM_MAX = 256; // limit of the attention kernel

    /**
     * Reads a folder's {@code config.json}, or the constants of a GGUF file.
     *
     * @throws InputException if it is missing or malformed, or the model is not supported
     */
    public static ModelConfig read(Path folder) {
        ModelFolderCheck.require(folder);
        Settings config =
                GgufModel.file(folder)
                        .map(GgufModel::config)
                        .orElseGet(() -> Settings.read(folder.resolve("config.json")));
        return Architecture.of(config).config(config);
    }

    /**
     * Reads the hyperparameters whose keys all families share.
     *
     * @throws InputException if one is missing or out of the range that the kernels support
     */
    static ModelConfig of(Architecture architecture, Settings config, DecoderTraits traits) {
        return of(architecture, config, traits, false);
    }

    /**
     * Reads them for a family whose files may leave out that the head is the embedding.
     *
     * @param tied whether it is where the file does not say
     */
    static ModelConfig of(
            Architecture architecture, Settings config, DecoderTraits traits, boolean tied) {
        if (or(config.number("partial_rotary_factor", 0, 1), 1) != 1) {
            throw config.refuse("partial_rotary_factor", "is not 1: not supported");
        }
        int hidden = config.requiredInteger("hidden_size", 1, WIDTH_MAX);
        int heads = config.requiredInteger("num_attention_heads", 1, 4096);
        int kvHeads = config.requiredInteger("num_key_value_heads", 1, 4096);
        if (heads % kvHeads != 0) {
            throw config.refuse(
                    "num_key_value_heads",
                    "is %d, which does not divide %d".formatted(kvHeads, heads));
        }
        int headDim = config.integer("head_dim", 2, HEAD_DIM_MAX).orElse(hidden / heads);
        if (headDim % 2 != 0 || headDim < 2 || headDim > HEAD_DIM_MAX) {
            throw config.refuse("head_dim", "is %d, must be even and 2 to 256".formatted(headDim));
        }
        RopeConfig rope = RopeConfig.read(config);
        if (rope.scaling() instanceof FrequencyFactors scaling
                && scaling.factors().size() != headDim / 2) {
            throw config.refuse(
                    "rope_scaling.factors",
                    "has %d entries for heads of %d".formatted(scaling.factors().size(), headDim));
        }
        int vocabulary = config.requiredInteger("vocab_size", 1, VOCABULARY_MAX);
        return new ModelConfig(
                architecture,
                layers(config),
                hidden,
                heads,
                kvHeads,
                headDim,
                config.requiredInteger("intermediate_size", 1, WIDTH_MAX),
                vocabulary,
                positions(config),
                (float) config.requiredNumber("rms_norm_eps", 0, 1),
                config.bool("tie_word_embeddings", tied),
                rope,
                config.integers("eos_token_id", 0, VOCABULARY_MAX),
                QuantizationScheme.read(config).orElse(null),
                traits);
    }

    static int layers(Settings config) {
        return config.requiredInteger("num_hidden_layers", 1, LAYERS_MAX);
    }

    static int positions(Settings config) {
        return RopeConfig.read(config)
                .positions(config.requiredInteger("max_position_embeddings", 1, POSITIONS_MAX));
    }

    private static double or(@Nullable Double value, double otherwise) {
        return value == null ? otherwise : value;
    }

    /** Refuses an activation of the MLP other than the one that a family has. */
    static void requireActivation(Settings config, String key, String supported) {
        String activation = config.string(key).orElse(supported);
        if (!activation.equals(supported)) {
            throw config.refuse(
                    key,
                    "is %s: only %s is supported"
                            .formatted(ErrorText.quote(activation), supported));
        }
    }

    /** Returns the same model with at most so many positions. */
    ModelConfig withPositions(int limit) {
        return new ModelConfig(
                architecture,
                layers,
                hiddenSize,
                heads,
                kvHeads,
                headDim,
                intermediateSize,
                vocabSize,
                Math.min(limit, maxPositions),
                rmsNormEps,
                tiedEmbeddings,
                rope,
                eosTokenIds,
                quantization,
                traits);
    }

    /** Returns the attention of a layer. */
    public AttentionOptions attention(int layer) {
        DecoderTraits.Scales scales = traits.scales();
        float scale =
                scales.attention() > 0 ? scales.attention() : AttentionOptions.of(headDim).scale();
        int window = traits.windows().isEmpty() ? 0 : traits.windows().get(layer);
        return new AttentionOptions(scale, scales.attentionCap(), window);
    }

    /** Returns the shape of a KV cache for this model. */
    public KvShape kvShape(int pages, DType dtype) {
        return new KvShape(layers, pages, kvHeads, headDim, dtype);
    }

    /** Returns the names and shapes of the model's tensors. */
    public ModelLayout layout() {
        return architecture.layout(this);
    }
}
