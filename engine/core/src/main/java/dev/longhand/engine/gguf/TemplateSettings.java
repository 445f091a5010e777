package dev.longhand.engine.gguf;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;

import dev.longhand.engine.file.Settings;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Translates chat templates and special tokens to a tokenizer_config.json. */
final class TemplateSettings {
    private static final String TEMPLATE = "tokenizer.chat_template";
    private static final String NAMES = "tokenizer.chat_templates";
    private static final int NAMES_MAX = 100;

    /** Special tokens by their names in templates, and the end of the key of their ids. */
    private static final Map<String, String> TOKENS =
            Map.of(
                    "bos_token", "bos",
                    "eos_token", "eos",
                    "unk_token", "unknown",
                    "sep_token", "seperator",
                    "pad_token", "padding",
                    "cls_token", "cls",
                    "mask_token", "mask");

    private TemplateSettings() {}

    static Settings of(Path file, GgufMetadata metadata) {
        JsonObject config = new JsonObject();
        List<String> names = metadata.strings(NAMES, NAMES_MAX);
        if (names.isEmpty()) {
            metadata.string(TEMPLATE)
                    .ifPresent(template -> config.addProperty("chat_template", template));
        } else {
            config.add("chat_template", named(metadata, names));
        }
        Map<Integer, List<String>> wanted = new HashMap<>(); // names by id
        TOKENS.forEach(
                (name, key) ->
                        metadata.integer(
                                        "tokenizer.ggml." + key + "_token_id", 0, Integer.MAX_VALUE)
                                .ifPresent(
                                        id ->
                                                wanted.computeIfAbsent(id, _ -> new ArrayList<>())
                                                        .add(name)));
        if (!wanted.isEmpty() && metadata.has(VocabularyJson.TOKENS)) {
            metadata.strings(
                    VocabularyJson.TOKENS,
                    (token, id) ->
                            wanted.getOrDefault(id, List.of())
                                    .forEach(name -> config.addProperty(name, token)));
        }
        config.addProperty("add_bos_token", addsBos(metadata));
        return Settings.parse(
                file + " as tokenizer_config.json",
                config.toString().getBytes(StandardCharsets.UTF_8));
    }

    /**
     * The defaults are llama.cpp's: vocabularies of SentencePiece and of Llama 3 begin with BOS.
     */
    private static boolean addsBos(GgufMetadata metadata) {
        return metadata.bool("tokenizer.ggml.add_bos_token")
                .orElseGet(() -> VocabularyJson.beginsWithBos(metadata));
    }

    private static JsonArray named(GgufMetadata metadata, List<String> names) {
        JsonArray templates = new JsonArray();
        metadata.string(TEMPLATE).ifPresent(text -> templates.add(template("default", text)));
        for (String name : names) {
            templates.add(template(name, metadata.requiredString(TEMPLATE + "." + name)));
        }
        return templates;
    }

    private static JsonObject template(String name, String text) {
        JsonObject template = new JsonObject();
        template.addProperty("name", name);
        template.addProperty("template", text);
        return template;
    }
}
