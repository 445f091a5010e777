package dev.longhand.engine.architecture;

import dev.longhand.engine.architecture.DecoderTraits.Norms;
import dev.longhand.engine.architecture.DecoderTraits.Scales;
import dev.longhand.engine.file.Settings;
import dev.longhand.kernels.activation.Activation;

import org.jspecify.annotations.Nullable;

import java.util.List;

/**
 * Gemma 2: the outputs of attention and MLP have norms, too, the weights of norms are added to 1,
 * gates take GELU, embeddings are scaled by the root of the width, scores and logits are bounded,
 * and every other layer sees a window. GGUF files hold the sum of 1 and a norm's weight.
 */
final class Gemma2 {
    private static final double CAP_MAX = 1e6;

    private Gemma2() {}

    /**
     * Reads a {@code config.json}.
     *
     * @throws dev.longhand.engine.error.InputException if it requests an unsupported feature
     */
    static ModelConfig config(Settings settings) {
        String activation = settings.has("hidden_activation") ? "hidden_activation" : "hidden_act";
        ModelConfig.requireActivation(settings, activation, "gelu_pytorch_tanh");
        if (settings.bool("use_bidirectional_attention", false)) {
            throw settings.refuse("use_bidirectional_attention", "is true: not supported");
        }
        if (!settings.has("head_dim")) {
            throw settings.refuse("head_dim", "is missing"); // other readers would take 256
        }
        List<Integer> windows =
                SlidingWindows.read(
                        settings,
                        settings.integer("sliding_window", 1, Integer.MAX_VALUE),
                        layer -> layer % 2 == 0);
        DecoderTraits traits =
                new DecoderTraits(
                        DecoderTraits.LLAMA.biased(),
                        new Norms(false, true, settings.bool("norms_hold_one", false) ? 0 : 1),
                        Activation.GELU_TANH,
                        scales(settings),
                        windows);
        return ModelConfig.of(
                Architecture.GEMMA2,
                settings,
                settings.bool("attention_bias", false) ? traits.withAttentionBiases() : traits,
                true);
    }

    private static Scales scales(Settings settings) {
        int hidden = settings.requiredInteger("hidden_size", 1, Integer.MAX_VALUE);
        double queries = settings.requiredNumber("query_pre_attn_scalar", 1e-3, 1e6);
        return new Scales(
                (float) Math.sqrt(hidden),
                (float) (1 / Math.sqrt(queries)),
                cap(settings, "attn_logit_softcapping"),
                cap(settings, "final_logit_softcapping"));
    }

    /** Reads a cap: null is none, and a file without the key does not say. */
    private static float cap(Settings settings, String key) {
        if (!settings.keys().contains(key)) {
            throw settings.refuse(key, "is missing");
        }
        @Nullable Double cap = settings.number(key, 1e-3, CAP_MAX);
        return cap == null ? 0 : cap.floatValue();
    }
}
