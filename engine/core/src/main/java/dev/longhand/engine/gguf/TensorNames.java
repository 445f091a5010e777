package dev.longhand.engine.gguf;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;

import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The names of tensors in GGUF and in transformers. Source: {@code tensor_mapping.py} of the {@code
 * gguf} package.
 */
final class TensorNames {
    /** The factors that divide the frequencies of RoPE, in files of Llama 3.1 and later. */
    static final String ROPE_FACTORS = "rope_freqs.weight";

    private static final Pattern LAYER =
            Pattern.compile("blk\\.(0|[1-9]\\d{0,3})\\.([a-z_]+)\\.(weight|bias)");

    private static final Map<String, String> MODEL =
            Map.of(
                    "token_embd.weight", "model.embed_tokens.weight",
                    "output_norm.weight", "model.norm.weight",
                    "output.weight", "lm_head.weight");

    private static final Map<String, String> MODULES =
            Map.ofEntries(
                    Map.entry("attn_norm", "input_layernorm"),
                    Map.entry("ffn_norm", "post_attention_layernorm"),
                    Map.entry("attn_q", "self_attn.q_proj"),
                    Map.entry("attn_k", "self_attn.k_proj"),
                    Map.entry("attn_v", "self_attn.v_proj"),
                    Map.entry("attn_output", "self_attn.o_proj"),
                    Map.entry("ffn_gate", "mlp.gate_proj"),
                    Map.entry("ffn_up", "mlp.up_proj"),
                    Map.entry("ffn_down", "mlp.down_proj"));

    /** Names that only one architecture has, or that mean another tensor there. */
    private static final Map<String, String> OF_ONE =
            Map.of(
                    "gemma2.ffn_norm",
                    "pre_feedforward_layernorm",
                    "gemma2.post_attention_norm",
                    "post_attention_layernorm",
                    "gemma2.post_ffw_norm",
                    "post_feedforward_layernorm",
                    "qwen3.attn_q_norm",
                    "self_attn.q_norm",
                    "qwen3.attn_k_norm",
                    "self_attn.k_norm",
                    "llama." + ROPE_FACTORS,
                    ROPE_FACTORS);

    private TensorNames() {}

    /**
     * Returns the name of a tensor in transformers.
     *
     * @throws InputException if it is unknown: a tensor that nobody reads would change the model
     */
    static String ofTransformers(Path file, String architecture, String name) {
        String own = architecture + ".";
        String known = MODEL.getOrDefault(name, OF_ONE.get(own + name));
        if (known != null) {
            return known;
        }
        Matcher parts = LAYER.matcher(name);
        String module =
                parts.matches()
                        ? OF_ONE.getOrDefault(own + parts.group(2), MODULES.get(parts.group(2)))
                        : null;
        if (module == null) {
            throw new InputException(
                    "%s: tensor %s is not one of the models that are read"
                            .formatted(file, ErrorText.quote(name)));
        }
        return "model.layers.%s.%s.%s".formatted(parts.group(1), module, parts.group(3));
    }
}
