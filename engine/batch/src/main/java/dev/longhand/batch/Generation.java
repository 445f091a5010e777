package dev.longhand.batch;

import dev.longhand.engine.error.InputException;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import java.util.List;

/**
 * An answer to a problem, one line of a file of generations. As {@code batch} writes it, it is
 * deterministic: independent of timing and of the other sequences in the batch.
 *
 * @param id the problem's id, a string or an integer
 * @param sample the index among the answers to the problem, from 0
 * @param promptSha256 the SHA-256 of the prompt text in UTF-8; null if the file lacks it
 * @param text the answer, without the prefill and the end token
 * @param finish eos, stop, length, context, loop, cancelled or error; empty if the file lacks it
 * @param promptTokens the number of prompt tokens, 0 if the prompt was rejected; null if the file
 *     lacks it
 * @param outputTokens the number of generated tokens, including the end token; null if the file
 *     lacks it
 * @param seed the seed that reproduces the answer; null if the file lacks it
 * @param modelSha the hash of the model; null if the file lacks it
 * @param adapterSha the hash of the adapter; null for the base
 * @param error the reason of a missing or incomplete answer; null without an error
 * @param others the fields outside the format
 */
public record Generation(
        JsonNode id,
        int sample,
        @Nullable String promptSha256,
        String text,
        String finish,
        @Nullable Integer promptTokens,
        @Nullable Integer outputTokens,
        @Nullable Long seed,
        @Nullable String modelSha,
        @Nullable String adapterSha,
        @Nullable String error,
        ObjectNode others) {
    /**
     * The maximum length of a line. It exceeds any answer, even a thought of 128k tokens with the
     * fields of its problem.
     */
    public static final int LINE_BYTES_MAX = 64 << 20;

    /** The names of the format's fields; a problem's own fields must differ. */
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

    /**
     * Reads a line. Only id and text are required; an absent sample is 0.
     *
     * @throws InputException if a field is missing or of another kind
     */
    public static Generation of(JsonLine line) {
        ObjectNode others = line.others(FIELDS);
        others.remove("id");
        return new Generation(
                line.id(),
                line.count("sample", 0),
                line.string("prompt_sha256"),
                line.requiredString("text"),
                line.string("finish", ""),
                tokens(line, "prompt_tokens"),
                tokens(line, "output_tokens"),
                line.whole("seed"),
                line.string("model_sha"),
                line.string("adapter_sha"),
                line.string("error"),
                others);
    }

    private static @Nullable Integer tokens(JsonLine line, String key) {
        return line.value(key) == null ? null : (Integer) line.count(key, 0);
    }

    /** The id as text. */
    public String idText() {
        return id.asString();
    }

    /**
     * Formats the line, without its terminator. Absent hashes, counts and seeds are left out,
     * except the hash of the adapter.
     */
    public String json() {
        ObjectNode json = JsonLine.newObject();
        json.set("id", id);
        json.put("sample", sample);
        put(json, "prompt_sha256", promptSha256);
        json.put("text", text);
        json.put("finish", finish);
        if (promptTokens != null) {
            json.put("prompt_tokens", promptTokens);
        }
        if (outputTokens != null) {
            json.put("output_tokens", outputTokens);
        }
        if (seed != null) {
            json.put("seed", seed);
        }
        put(json, "model_sha", modelSha);
        json.put("adapter_sha", adapterSha);
        put(json, "error", error);
        json.setAll(others);
        return JsonLine.format(json);
    }

    private static void put(ObjectNode json, String key, @Nullable String value) {
        if (value != null) {
            json.put(key, value);
        }
    }
}
