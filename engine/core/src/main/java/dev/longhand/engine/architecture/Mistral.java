package dev.longhand.engine.architecture;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.Settings;

import java.util.List;

/** Mistral and its kin: Llama's decoder, whose layers may see a window of positions only. */
final class Mistral {
    private Mistral() {}

    /**
     * Reads a {@code config.json}.
     *
     * @throws InputException if it requests an unsupported feature
     */
    static ModelConfig config(Settings settings) {
        ModelConfig.requireActivation(settings, "hidden_act", "silu");
        List<Integer> windows =
                SlidingWindows.read(
                        settings,
                        settings.integer("sliding_window", 1, Integer.MAX_VALUE),
                        layer -> true);
        return ModelConfig.of(
                Architecture.MISTRAL, settings, DecoderTraits.LLAMA.withWindows(windows));
    }
}
