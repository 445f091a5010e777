package dev.longhand.engine.gguf;

import com.google.gson.JsonArray;

import java.util.Set;
import java.util.TreeSet;

/**
 * The tokens that end an answer: those that the metadata name, and the control and user-defined
 * tokens that llama.cpp takes for ends by their text, since {@code generation_config.json} is not
 * in a GGUF file.
 */
final class EndTokens {
    private static final Set<String> KEYS =
            Set.of(
                    "tokenizer.ggml.eos_token_id",
                    "tokenizer.ggml.eot_token_id",
                    "tokenizer.ggml.eom_token_id");

    private static final Set<String> TEXTS =
            Set.of(
                    "<|im_end|>",
                    "<|endoftext|>",
                    "<|eot_id|>",
                    "<|eom_id|>",
                    "<|end_of_text|>",
                    "<end_of_turn>");

    private EndTokens() {}

    static JsonArray of(GgufMetadata metadata) {
        Set<Integer> ids = new TreeSet<>();
        for (String key : KEYS) {
            metadata.integer(key, 0, Integer.MAX_VALUE).ifPresent(ids::add);
        }
        int[] types = VocabularyJson.types(metadata);
        if (types.length > 0) {
            metadata.strings(
                    VocabularyJson.TOKENS,
                    (token, id) -> {
                        boolean whole =
                                types[id] == VocabularyJson.CONTROL
                                        || types[id] == VocabularyJson.USER_DEFINED;
                        if (whole && TEXTS.contains(token)) {
                            ids.add(id);
                        }
                    });
        }
        JsonArray list = new JsonArray();
        ids.forEach(list::add);
        return list;
    }
}
