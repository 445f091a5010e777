package dev.longhand.engine.lora;

import dev.longhand.engine.architecture.ModelLayout;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.file.Settings;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The modules that an adapter changes, by the rules of PEFT's {@code check_target_module_exists}.
 * Targets are a list of names or name endings, a regular expression for whole names, or {@code
 * all-linear}; excluded modules are removed. A list of layers restricts a list of names to those
 * layers.
 */
final class TargetModules {
    private static final int LAYERS_MAX = 1024;

    private final Predicate<String> targets;
    private final Predicate<String> excluded;
    private final Set<Integer> layers;

    private TargetModules(
            Predicate<String> targets, Predicate<String> excluded, Set<Integer> layers) {
        this.targets = targets;
        this.excluded = excluded;
        this.layers = layers;
    }

    static TargetModules read(Settings config, ModelLayout layout, ModulePattern.Budget budget) {
        if (!config.has("target_modules")) {
            throw config.refuse("target_modules", "is missing");
        }
        Set<Integer> layers = new HashSet<>(config.integers("layers_to_transform", 0, LAYERS_MAX));
        if (!layers.isEmpty() && config.isString("target_modules")) {
            throw config.refuse("layers_to_transform", "needs target_modules to be a list");
        }
        List<String> pattern =
                config.isString("layers_pattern")
                        ? List.of(config.string("layers_pattern").orElseThrow())
                        : config.strings("layers_pattern");
        String own = layout.layerList().substring(layout.layerList().lastIndexOf('.') + 1);
        if (!pattern.isEmpty() && !pattern.contains(own)) {
            throw config.refuse(
                    "layers_pattern",
                    "is %s: this model's is \"%s\""
                            .formatted(ErrorText.line(pattern.toString()), own));
        }
        return new TargetModules(
                names(config, "target_modules", budget),
                names(config, "exclude_modules", budget),
                layers);
    }

    private static Predicate<String> names(
            Settings config, String key, ModulePattern.Budget budget) {
        if (!config.isString(key)) {
            List<String> names = config.strings(key);
            return module ->
                    names.stream()
                            .anyMatch(name -> module.equals(name) || module.endsWith("." + name));
        }
        String regex = config.string(key).orElseThrow();
        if (regex.equals("all-linear")) {
            return module -> true;
        }
        return ModulePattern.whole(config, key, regex, budget)::matches;
    }

    /**
     * Returns whether the adapter changes a module.
     *
     * @param module its full name
     * @param layer index of the layer that contains it
     */
    boolean contains(String module, int layer) {
        return targets.test(module)
                && !excluded.test(module)
                && (layers.isEmpty() || layers.contains(layer));
    }
}
