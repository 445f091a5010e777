package dev.longhand.engine.gguf;

import com.google.gson.JsonObject;

/**
 * Translates the constants that only Gemma 2 has. Defaults and the rule of the factor of queries
 * are those of {@code gemma2.cpp} of llama.cpp. Norms hold their weights with 1 added: {@code
 * Gemma2Model.modify_tensors} in {@code convert_hf_to_gguf.py}.
 */
final class Gemma2Constants {
    static final String PREFIX = "gemma2.";

    private static final int WINDOW = 4096;
    private static final double ATTENTION_CAP = 50;
    private static final double LOGIT_CAP = 30;

    /** Layers of the model of 27 billion weights, which scales queries by another rule. */
    private static final int LAYERS_27B = 46;

    private static final String PATTERN = PREFIX + "attention.sliding_window_pattern";
    private static final int PATTERN_READ = 2;
    private static final String THETA_IN_WINDOWS = PREFIX + "rope.freq_base_swa";

    private Gemma2Constants() {}

    /** Adds the keys to a config.json that has those of all models. */
    static void addTo(JsonObject config, GgufMetadata metadata) {
        config.addProperty("hidden_activation", "gelu_pytorch_tanh");
        config.addProperty("norms_hold_one", true);
        cap(config, "attn_logit_softcapping", ATTENTION_CAP, metadata);
        cap(config, "final_logit_softcapping", LOGIT_CAP, metadata);
        config.addProperty(
                "sliding_window",
                metadata.integer(PREFIX + "attention.sliding_window", 0, Integer.MAX_VALUE)
                        .orElse(WINDOW));
        if (metadata.integer(PATTERN, 0, Integer.MAX_VALUE).orElse(PATTERN_READ) != PATTERN_READ) {
            throw metadata.refuse(PATTERN, "is not 2: not supported");
        }
        double theta = config.get("rope_theta").getAsDouble();
        if (metadata.number(THETA_IN_WINDOWS).orElse(theta) != theta) {
            throw metadata.refuse(THETA_IN_WINDOWS, "is not rope.freq_base: not supported");
        }
        if (config.get("num_hidden_layers").getAsInt() == LAYERS_27B) {
            int heads = Math.max(1, config.get("num_attention_heads").getAsInt());
            config.addProperty(
                    "query_pre_attn_scalar", config.get("hidden_size").getAsInt() / heads);
        } else if (config.has("head_dim")) {
            config.add("query_pre_attn_scalar", config.get("head_dim"));
        }
    }

    private static void cap(JsonObject config, String key, double absent, GgufMetadata metadata) {
        config.addProperty(key, metadata.number(PREFIX + key).orElse(absent));
    }
}
