package dev.longhand.engine.lora;

import dev.longhand.engine.architecture.ModelLayout;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.file.Settings;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The settings in a LoRA's PEFT {@code adapter_config.json}: target modules, ranks and scales. An
 * unsupported setting that would change the result is rejected, never ignored.
 *
 * <p>Source: {@code peft/tuners/lora/config.py} and {@code model.py} of PEFT 0.18.
 */
final class AdapterConfig {
    /** The file of the settings in an adapter's folder. */
    static final String FILE = "adapter_config.json";

    /** Equals the largest hidden size and MLP width that a model may have. */
    private static final int RANK_MAX = 1 << 18;

    private static final double ALPHA_MAX = 1e9;

    /** Keys that are read here or that do not affect inference. */
    private static final Set<String> KNOWN =
            Set.of(
                    "alpha_pattern",
                    "auto_mapping",
                    "base_model_name_or_path",
                    "bias",
                    "corda_config",
                    "ensure_weight_tying",
                    "eva_config",
                    "exclude_modules",
                    "fan_in_fan_out",
                    "inference_mode",
                    "init_lora_weights",
                    "layers_pattern",
                    "layers_to_transform",
                    "loftq_config",
                    "lora_alpha",
                    "lora_dropout",
                    "megatron_config",
                    "megatron_core",
                    "peft_type",
                    "peft_version",
                    "qalora_group_size",
                    "r",
                    "rank_pattern",
                    "revision",
                    "runtime_config",
                    "target_modules",
                    "task_type",
                    "use_rslora");

    /**
     * Prefixes of the initialisation methods that also modify the base weights; an adapter's files
     * do not contain the modified base.
     */
    private static final List<String> CHANGE_THE_BASE = List.of("pissa", "olora", "loftq", "corda");

    private final Settings config;
    private final ModulePattern.Budget budget = new ModulePattern.Budget();
    private final TargetModules targets;
    private final int rank;
    private final double alpha;
    private final boolean rankStabilised;
    private final List<PatternValue> ranks;
    private final List<PatternValue> alphas;

    /** A value that overrides the default for modules that match a pattern. */
    private record PatternValue(ModulePattern pattern, double value) {}

    private AdapterConfig(Settings config, ModelLayout layout) {
        this.config = config;
        targets = TargetModules.read(config, layout, budget);
        rank = config.integer("r", 1, RANK_MAX).orElse(8);
        Double configured = config.number("lora_alpha", -ALPHA_MAX, ALPHA_MAX);
        alpha = configured == null ? 8 : configured;
        rankStabilised = config.bool("use_rslora", false);
        ranks = overrides("rank_pattern", 1, RANK_MAX);
        alphas = overrides("alpha_pattern", -ALPHA_MAX, ALPHA_MAX);
    }

    /**
     * Reads the configuration of an adapter's folder.
     *
     * @throws InputException if it is not a LoRA that this engine applies exactly
     */
    static AdapterConfig read(AdapterFolder folder, ModelLayout layout) {
        folder.require();
        return of(Settings.read(folder.file(FILE)), layout);
    }

    /**
     * Reads the configuration of an adapter.
     *
     * @throws InputException if it is not a LoRA that this engine applies exactly
     */
    static AdapterConfig of(Settings config, ModelLayout layout) {
        if (config.has("lora_parameters") && !config.has("peft_type")) {
            throw config.refuse(
                    "lora_parameters", "is of MLX-LM: only adapters in PEFT's format can be read");
        }
        String type =
                config.string("peft_type")
                        .orElseThrow(
                                () ->
                                        config.refuse(
                                                "peft_type",
                                                "is missing: this is not an adapter of PEFT"));
        if (!type.equals("LORA")) {
            throw config.refuse("peft_type", "is %s: only LORA".formatted(ErrorText.quote(type)));
        }
        refuseOtherMethods(config);
        AdapterConfig read = new AdapterConfig(config, layout);
        boolean any =
                layout.adapterTargets().entrySet().stream()
                        .anyMatch(each -> read.targets(each.getKey(), each.getValue().layer()));
        if (!any) {
            throw config.refuse("target_modules", "names no linear layer of this model");
        }
        return read;
    }

    private static void refuseOtherMethods(Settings config) {
        if (config.bool("use_dora", false)) {
            throw config.refuse("use_dora", "is true: DoRA is not supported; merge it with PEFT");
        }
        if (!config.strings("modules_to_save").isEmpty()) {
            throw config.refuse(
                    "modules_to_save", "is not empty: fully trained modules are not supported");
        }
        String bias = config.string("bias").orElse("none");
        if (!bias.equals("none")) {
            throw config.refuse(
                    "bias",
                    "is %s: trained biases are not supported".formatted(ErrorText.quote(bias)));
        }
        if (config.bool("fan_in_fan_out", false)) {
            throw config.refuse("fan_in_fan_out", "is true: the model has no such layers");
        }
        if (config.isString("init_lora_weights")) {
            String method = config.string("init_lora_weights").orElseThrow();
            if (CHANGE_THE_BASE.stream().anyMatch(method::startsWith)) {
                throw config.refuse(
                        "init_lora_weights",
                        "is %s: such an adapter needs a changed base; convert it with PEFT"
                                .formatted(ErrorText.quote(method)));
            }
        }
        for (String key : config.keys()) {
            if (!KNOWN.contains(key) && !config.isEmpty(key)) {
                throw config.refuse(key, "is set: not supported");
            }
        }
    }

    private List<PatternValue> overrides(String key, double min, double max) {
        List<PatternValue> overrides = new ArrayList<>();
        Settings values = config.object(key).orElse(null);
        if (values != null) {
            for (String name : values.keys()) {
                overrides.add(
                        new PatternValue(
                                ModulePattern.ending(config, key, name, budget),
                                values.requiredNumber(name, min, max)));
            }
        }
        return overrides;
    }

    /**
     * Returns whether the adapter targets a module.
     *
     * @param module its full name
     * @param layer index of the layer that contains it
     */
    boolean targets(String module, int layer) {
        return targets.contains(module, layer);
    }

    /** Returns the rank configured for a module. */
    int rank(String module) {
        return (int) value(ranks, module, rank);
    }

    /** Returns a module's scale: alpha / rank, or alpha / sqrt(rank) for rank-stabilised LoRA. */
    float scale(String module) {
        int ranked = rank(module);
        double moved = value(alphas, module, alpha);
        return (float) (moved / (rankStabilised ? Math.sqrt(ranked) : ranked));
    }

    private static double value(List<PatternValue> overrides, String module, double other) {
        for (PatternValue override : overrides) {
            if (override.pattern.matches(module)) {
                return override.value;
            }
        }
        return other;
    }
}
