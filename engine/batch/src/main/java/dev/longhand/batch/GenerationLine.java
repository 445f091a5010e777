package dev.longhand.batch;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import java.util.List;

/**
 * One answer as the output has it. Nothing in it depends on when or in whose company it was made.
 *
 * @param problem what was asked
 * @param sample which of the problem's answers, from 0
 * @param promptSha256 of the prompt's text, UTF-8
 * @param text the answer, without the prefill and the end token
 * @param finish eos, stop, length, context, loop or error
 * @param promptTokens tokens of the prompt; 0 if it was refused
 * @param outputTokens tokens generated, the end token included
 * @param seed with which a request gives the same answer
 * @param error why there is no answer, or no more of it
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
    /** The fields' names, which a problem's own may not have. */
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

    /** The line, without its end. */
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
