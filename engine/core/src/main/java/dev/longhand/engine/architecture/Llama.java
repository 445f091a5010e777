package dev.longhand.engine.architecture;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.Settings;

/** Llama 2 and 3, and the many models of their shape: no biases unless the file asks for them. */
final class Llama {
    private Llama() {}

    /**
     * Reads a {@code config.json}.
     *
     * @throws InputException if it requests an unsupported feature
     */
    static ModelConfig config(Settings settings) {
        ModelConfig.requireActivation(settings, "hidden_act", "silu");
        if (settings.bool("mlp_bias", false)) {
            throw settings.refuse("mlp_bias", "is true: not supported");
        }
        DecoderTraits traits = DecoderTraits.LLAMA;
        return ModelConfig.of(
                Architecture.LLAMA,
                settings,
                settings.bool("attention_bias", false) ? traits.withAttentionBiases() : traits);
    }
}
