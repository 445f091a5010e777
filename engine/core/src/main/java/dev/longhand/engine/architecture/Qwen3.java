package dev.longhand.engine.architecture;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.Settings;

/**
 * Qwen3's dense models: each head of queries and keys has an RMSNorm, and no linear layer has a
 * bias unless the file asks for it.
 */
final class Qwen3 {
    private Qwen3() {}

    /**
     * Reads a {@code config.json}.
     *
     * @throws InputException if it requests an unsupported feature
     */
    static ModelConfig config(Settings settings) {
        ModelConfig.requireActivation(settings, "hidden_act", "silu");
        if (!settings.has("head_dim")) {
            throw settings.refuse("head_dim", "is missing"); // other readers would take 128
        }
        DecoderTraits traits =
                DecoderTraits.LLAMA.withHeadNorms().withWindows(Qwen2.windows(settings));
        return ModelConfig.of(
                Architecture.QWEN3,
                settings,
                settings.bool("attention_bias", false) ? traits.withAttentionBiases() : traits);
    }
}
