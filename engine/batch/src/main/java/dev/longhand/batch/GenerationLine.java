package dev.longhand.batch;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import java.util.List;

/**
 * One line of the output. It is deterministic: independent of timing and of what else was in the
 * batch.
 *
 * @param problem the problem
 * @param sample the index among the answers to the problem, from 0
 * @param promptSha256 the SHA-256 of the prompt text in UTF-8
 * @param text the answer, without the prefill and the end token
 * @param finish eos, stop, length, context, loop or error
 * @param promptTokens the number of prompt tokens; 0 if the prompt was rejected
 * @param outputTokens the number of generated tokens, including the end token
 * @param seed the seed that reproduces the answer
 * @param error the reason of a missing or incomplete answer; null without an error
 */
record GenerationLine(
        Problem problem,
        int sample,
        String promptSha256,
        String text,
        String finish,
        int promptTokens,
        int outputTokens,
        long seed,
        @Nullable String error) {
    /** The names of the output's fields; a problem's own fields must differ. */
    static final List<String> FIELDS =
            List.of(
                    "sample",
                    "prompt_sha256",
                    "text",
                    "finish",
                    "prompt_tokens",
                    "output_tokens",
                    "seed",
                    "model_sha",
                    "adapter_sha",
                    "error");

    private static final JsonMapper JSON = new JsonMapper();

    /** Formats the line, without its terminator. */
    String json(String modelSha, @Nullable String adapterSha) {
        ObjectNode json = JSON.createObjectNode();
        json.set("id", problem.id());
        json.put("sample", sample);
        json.put("prompt_sha256", promptSha256);
        json.put("text", text);
        json.put("finish", finish);
        json.put("prompt_tokens", promptTokens);
        json.put("output_tokens", outputTokens);
        json.put("seed", seed);
        json.put("model_sha", modelSha);
        json.put("adapter_sha", adapterSha);
        if (error != null) {
            json.put("error", error);
        }
        json.setAll(problem.others());
        return JSON.writeValueAsString(json);
    }
}
