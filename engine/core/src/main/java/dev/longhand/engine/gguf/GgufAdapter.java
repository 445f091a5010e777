package dev.longhand.engine.gguf;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.file.Settings;

import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A LoRA adapter in GGUF, as {@code convert_lora_to_gguf.py} of llama.cpp writes it. Matrices have
 * the names that PEFT gives them, the settings are those of an {@code adapter_config.json}.
 *
 * @param file the mapped file
 * @param tensors the matrices A and B by name
 * @param config settings; a scale is alpha / rank, or 1 if alpha is 0, as in llama.cpp
 */
public record GgufAdapter(GgufFile file, Map<String, GgufTensor> tensors, Settings config) {
    private static final Pattern NAME = Pattern.compile("(.+)\\.weight\\.lora_([ab])");
    private static final String ALPHA = "adapter.lora.alpha";
    private static final String INVOCATION = "adapter.alora.invocation_tokens";

    /**
     * Maps a file into an arena and checks its header.
     *
     * @param headDim elements of a head of the model
     * @throws InputException if the file cannot be read, breaks the format, is no adapter, or is
     *     one of a model that is not read
     */
    public static GgufAdapter open(Path path, int headDim, Arena arena) {
        GgufFile file = GgufFile.open(path, arena);
        GgufMetadata metadata = file.metadata();
        require(metadata, "general.type", "adapter");
        require(metadata, "adapter.type", "lora");
        if (metadata.has(INVOCATION)) {
            throw metadata.refuse(INVOCATION, "is present: activated LoRA is not supported");
        }
        String architecture = ModelConstants.architecture(metadata);
        Heads heads = Heads.ofAdapter(metadata, headDim);
        Map<String, GgufTensor> tensors = new LinkedHashMap<>();
        Map<String, Long> ranks = new TreeMap<>();
        file.tensors()
                .forEach(
                        (name, tensor) -> {
                            Matcher parts = NAME.matcher(name);
                            if (!parts.matches()) {
                                throw new InputException(
                                        "%s: tensor %s is not a matrix of a LoRA"
                                                .formatted(path, ErrorText.quote(name)));
                            }
                            String weight = parts.group(1) + ".weight";
                            String known = TensorNames.ofTransformers(path, architecture, weight);
                            String module = known.substring(0, known.lastIndexOf('.'));
                            boolean first = parts.group(2).equals("a");
                            String matrix =
                                    "base_model.model.%s.lora_%s.weight"
                                            .formatted(module, first ? "A" : "B");
                            tensors.put(matrix, heads.ordered(matrix, tensor));
                            if (first) {
                                ranks.put(module, tensor.shape().extent(0));
                            }
                        });
        return new GgufAdapter(file, tensors, config(path, metadata, ranks));
    }

    private static void require(GgufMetadata metadata, String key, String wanted) {
        String found = metadata.requiredString(key);
        if (!found.equals(wanted)) {
            throw metadata.refuse(key, "is %s, not %s".formatted(ErrorText.quote(found), wanted));
        }
    }

    private static Settings config(Path path, GgufMetadata metadata, Map<String, Long> ranks) {
        double alpha = metadata.number(ALPHA).orElse(0);
        long rank = ranks.values().stream().findFirst().orElse(1L);
        JsonArray targets = new JsonArray();
        JsonObject others = new JsonObject();
        ranks.forEach(
                (module, own) -> {
                    targets.add(module);
                    if (own != rank) {
                        others.addProperty(module, own);
                    }
                });
        JsonObject config = new JsonObject();
        config.addProperty("peft_type", "LORA");
        config.addProperty("r", rank);
        config.add("target_modules", targets);
        config.add("rank_pattern", others);
        if (alpha == 0) {
            config.addProperty("lora_alpha", rank);
            config.add("alpha_pattern", others);
        } else {
            config.addProperty("lora_alpha", alpha);
        }
        return Settings.parse(
                path + " as adapter_config.json",
                config.toString().getBytes(StandardCharsets.UTF_8));
    }
}
