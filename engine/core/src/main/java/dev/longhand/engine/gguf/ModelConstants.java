package dev.longhand.engine.gguf;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.file.Settings;

import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;

/** Translates the constants of a model, such as {@code qwen2.block_count}, to a config.json. */
final class ModelConstants {
    private static final String ARCHITECTURE = "general.architecture";

    /** Architectures that are read, and the names of the same in transformers. */
    private static final Map<String, String> ARCHITECTURES =
            new TreeMap<>(
                    Map.of(
                            "gemma2", "Gemma2ForCausalLM",
                            "llama", "LlamaForCausalLM",
                            "qwen2", "Qwen2ForCausalLM",
                            "qwen3", "Qwen3ForCausalLM"));

    private final GgufModel model;
    private final GgufMetadata metadata;
    private final Path file;
    private final String prefix;

    /**
     * Begins a translation.
     *
     * @throws InputException if the model is of another architecture
     */
    ModelConstants(GgufModel model, Path file) {
        this.model = model;
        this.file = file;
        metadata = model.metadata();
        String type = metadata.string("general.type").orElse("model");
        if (!type.equals("model")) {
            throw metadata.refuse(
                    "general.type",
                    "is %s, not model%s"
                            .formatted(
                                    ErrorText.quote(type),
                                    type.equals("adapter") ? "; load it as an adapter" : ""));
        }
        prefix = architecture(metadata) + ".";
    }

    /**
     * Returns the architecture of a model or adapter.
     *
     * @throws InputException if it is not read
     */
    static String architecture(GgufMetadata metadata) {
        String architecture = metadata.requiredString(ARCHITECTURE);
        if (!ARCHITECTURES.containsKey(architecture)) {
            throw metadata.refuse(
                    ARCHITECTURE,
                    "is %s: only %s are read"
                            .formatted(
                                    ErrorText.quote(architecture),
                                    String.join(", ", ARCHITECTURES.keySet())));
        }
        return architecture;
    }

    Settings config() {
        JsonObject config = new JsonObject();
        JsonArray architectures = new JsonArray();
        architectures.add(ARCHITECTURES.get(metadata.requiredString(ARCHITECTURE)));
        config.add("architectures", architectures);
        copy(config, "hidden_size", "embedding_length");
        copy(config, "num_hidden_layers", "block_count");
        copy(config, "intermediate_size", "feed_forward_length");
        copy(config, "num_attention_heads", "attention.head_count");
        boolean grouped = metadata.has(prefix + "attention.head_count_kv");
        copy(
                config,
                "num_key_value_heads",
                grouped ? "attention.head_count_kv" : "attention.head_count");
        copyHeadDim(config);
        copy(config, "max_position_embeddings", "context_length");
        config.addProperty("rms_norm_eps", number("attention.layer_norm_rms_epsilon"));
        config.addProperty("rope_theta", metadata.number(prefix + "rope.freq_base").orElse(10_000));
        copyScaling(config);
        if (ropeFactors() != null) {
            config.add("rope_scaling", ropeFactors());
        }
        boolean biased = model.tensors().containsKey("model.layers.0.self_attn.q_proj.bias");
        config.addProperty("attention_bias", biased);
        metadata.integer(prefix + "expert_count", 0, Integer.MAX_VALUE)
                .ifPresent(this::refuseExperts);
        config.addProperty("vocab_size", vocabulary());
        config.addProperty("tie_word_embeddings", !model.tensors().containsKey("lm_head.weight"));
        config.add("eos_token_id", EndTokens.of(metadata));
        if (prefix.equals(Gemma2Constants.PREFIX)) {
            Gemma2Constants.addTo(config, metadata);
        }
        return Settings.parse(
                file + " as config.json", config.toString().getBytes(StandardCharsets.UTF_8));
    }

    private void copy(JsonObject config, String to, String from) {
        config.addProperty(to, metadata.requiredInteger(prefix + from, 0, Integer.MAX_VALUE));
    }

    private double number(String key) {
        OptionalDouble number = metadata.number(prefix + key);
        return number.orElseThrow(() -> metadata.refuse(prefix + key, "is missing"));
    }

    private void copyHeadDim(JsonObject config) {
        String keys = prefix + "attention.key_length";
        String values = prefix + "attention.value_length";
        if (!metadata.has(keys)) {
            return;
        }
        int dim = metadata.requiredInteger(keys, 0, Integer.MAX_VALUE);
        if (metadata.integer(values, 0, Integer.MAX_VALUE).orElse(dim) != dim) {
            throw metadata.refuse(values, "differs from " + keys);
        }
        config.addProperty("head_dim", dim);
    }

    private void copyScaling(JsonObject config) {
        String type = metadata.string(prefix + "rope.scaling.type").orElse("none");
        if (type.equals("none")) {
            return;
        }
        JsonObject scaling = new JsonObject();
        scaling.addProperty("rope_type", type);
        scaling.addProperty("factor", number("rope.scaling.factor"));
        String original = "rope.scaling.original_context_length";
        if (metadata.has(prefix + original)) {
            copy(scaling, "original_max_position_embeddings", original);
        }
        metadata.number(prefix + "rope.scaling.attn_factor")
                .ifPresent(factor -> refuseUnlessOne("rope.scaling.attn_factor", factor));
        config.add("rope_scaling", scaling);
    }

    private void refuseExperts(int experts) {
        if (experts > 0) {
            throw metadata.refuse(
                    prefix + "expert_count", "is %d: not supported".formatted(experts));
        }
    }

    /** Returns the scaling of Llama 3 as the file has it, a factor for each frequency; or null. */
    private @Nullable JsonObject ropeFactors() {
        GgufTensor stored = model.tensors().get(TensorNames.ROPE_FACTORS);
        if (stored == null) {
            return null;
        }
        if (stored.type() != GgufType.F32) {
            throw new InputException(
                    "%s: tensor %s is of type %s, must be F32"
                            .formatted(file, TensorNames.ROPE_FACTORS, stored.type()));
        }
        JsonArray factors = new JsonArray();
        for (long i = 0; i < stored.shape().elements(); i++) {
            factors.add(stored.data().get(GgufCursor.F32, i * Float.BYTES));
        }
        JsonObject scaling = new JsonObject();
        scaling.addProperty("rope_type", "factors");
        scaling.add("factors", factors);
        return scaling;
    }

    private void refuseUnlessOne(String key, double factor) {
        if (factor != 1) {
            throw metadata.refuse(prefix + key, "is %s, only 1 is read".formatted(factor));
        }
    }

    private long vocabulary() {
        GgufTensor embedding = model.tensors().get("model.embed_tokens.weight");
        if (embedding == null) {
            throw new InputException(file + ": the tensor \"token_embd.weight\" is missing");
        }
        return embedding.shape().extent(0);
    }
}
