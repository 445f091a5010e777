package dev.longhand.engine.architecture;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.Settings;

import java.util.List;
import java.util.OptionalInt;

/** Qwen2 and Qwen2.5: queries, keys and values have biases, all other linear layers have none. */
final class Qwen2 {
    private Qwen2() {}

    /**
     * Reads a {@code config.json}.
     *
     * @throws InputException if it requests an unsupported feature
     */
    static ModelConfig config(Settings settings) {
        ModelConfig.requireActivation(settings, "hidden_act", "silu");
        DecoderTraits traits = DecoderTraits.QWEN2.withWindows(windows(settings));
        ModelConfig config = ModelConfig.of(Architecture.QWEN2, settings, traits);
        return settings.object("dual_chunk_attention_config")
                .map(chunks -> config.withPositions(firstChunk(chunks)))
                .orElse(config);
    }

    /** Reads the windows of the layers: of those from {@code max_window_layers} on, if any. */
    static List<Integer> windows(Settings settings) {
        OptionalInt window =
                settings.bool("use_sliding_window", false)
                        ? settings.integer("sliding_window", 1, Integer.MAX_VALUE)
                        : OptionalInt.empty();
        OptionalInt full = settings.integer("max_window_layers", 0, Integer.MAX_VALUE);
        if (window.isPresent() && full.isEmpty() && !settings.has("layer_types")) {
            throw settings.refuse("max_window_layers", "is missing");
        }
        return SlidingWindows.read(settings, window, layer -> layer >= full.orElse(0));
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
}
