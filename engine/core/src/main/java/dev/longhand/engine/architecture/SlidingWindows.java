package dev.longhand.engine.architecture;

import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.file.Settings;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.IntPredicate;

/** Reads which layers of a model see only a window of the positions before them. */
final class SlidingWindows {
    private static final String SLIDING = "sliding_attention";
    private static final String FULL = "full_attention";

    private SlidingWindows() {}

    /**
     * Reads {@code layer_types} and the window.
     *
     * @param window positions that a sliding layer sees; empty if none slides
     * @param slides whether a layer slides in a file without {@code layer_types}
     * @return the window of each layer, 0 for all positions; empty if all layers see all
     */
    static List<Integer> read(Settings config, OptionalInt window, IntPredicate slides) {
        int layers = ModelConfig.layers(config);
        int positions = ModelConfig.positions(config);
        List<String> types = config.strings("layer_types");
        if (!types.isEmpty() && types.size() != layers) {
            throw config.refuse(
                    "layer_types", "has %d entries for %d layers".formatted(types.size(), layers));
        }
        List<Integer> windows = new ArrayList<>();
        for (int layer = 0; layer < layers; layer++) {
            boolean sliding = window.isPresent() && slides.test(layer);
            if (!types.isEmpty()) {
                sliding = slides(config, types.get(layer));
            }
            if (sliding && window.isEmpty()) {
                throw config.refuse("layer_types", "names a window, but none is in use");
            }
            // A window of all positions is none.
            windows.add(sliding && window.getAsInt() < positions ? window.getAsInt() : 0);
        }
        return Collections.max(windows) == 0 ? List.of() : List.copyOf(windows);
    }

    private static boolean slides(Settings config, String type) {
        return switch (type) {
            case SLIDING -> true;
            case FULL -> false;
            default ->
                    throw config.refuse(
                            "layer_types",
                            "names %s: only %s and %s are supported"
                                    .formatted(ErrorText.quote(type), FULL, SLIDING));
        };
    }
}
