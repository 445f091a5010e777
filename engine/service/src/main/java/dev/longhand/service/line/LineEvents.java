package dev.longhand.service.line;

import dev.longhand.engine.error.EngineBusyException;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.generation.GenerationEvent;
import dev.longhand.engine.generation.TokenLogprob;
import dev.longhand.engine.generation.Usage;
import dev.longhand.service.GenerationInstrument;
import dev.longhand.service.UnknownModelException;

import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import java.util.List;
import java.util.Objects;

/** Formats events of the line protocol; the caller has written the request's id. */
final class LineEvents {
    private LineEvents() {}

    /**
     * Writes the event of a token, of the regular end or of a failure.
     *
     * @param instruments the instruments whose figures the regular end carries
     */
    static ObjectNode put(
            ObjectNode json, GenerationEvent event, List<GenerationInstrument> instruments) {
        switch (event) {
            case GenerationEvent.TokenEmitted token -> {
                json.put("event", "token").put("token", token.id()).put("text", token.text());
                json.put("phase", token.phase().jsonName());
                if (!token.top().isEmpty()) {
                    ArrayNode top = json.putArray("logprobs");
                    for (TokenLogprob each : token.top()) {
                        top.addArray().add(each.id()).add(each.logprob());
                    }
                }
            }
            case GenerationEvent.Finished end -> {
                json.put("event", "done").put("text", end.rest());
                json.put("finish", end.reason().jsonName());
                json.put("answer_start", end.answerStart());
                for (GenerationInstrument each : instruments) {
                    each.figures().forEach(json.putObject(each.name())::put);
                }
                usage(json.putObject("usage"), end.usage());
            }
            case GenerationEvent.Failed(RuntimeException cause) -> putError(json, cause);
        }
        return json;
    }

    private static void usage(ObjectNode json, Usage usage) {
        json.put("prompt_tokens", usage.promptTokens());
        json.put("cached_prompt_tokens", usage.cachedPromptTokens());
        json.put("output_tokens", usage.outputTokens());
        json.put("thought_tokens", usage.thoughtTokens());
        json.put("answer_tokens", usage.answerTokens());
        json.put("queued_ms", usage.queuedNanos() / 1e6);
        json.put("prefill_ms", usage.prefillNanos() / 1e6);
        json.put("decode_ms", usage.decodeNanos() / 1e6);
    }

    /** Writes an error event. */
    static ObjectNode putError(ObjectNode json, RuntimeException cause) {
        json.put("event", "error").put("code", code(cause));
        json.put("message", Objects.requireNonNullElse(cause.getMessage(), cause.toString()));
        if (cause instanceof EngineBusyException busy) {
            json.put("retry_after_ms", busy.retryAfterMillis());
        }
        return json;
    }

    /** Maps an exception to the error code of the protocol. */
    static String code(RuntimeException cause) {
        return switch (cause) {
            case UnknownModelException e -> "unknown_model";
            case InputException e -> "bad_request";
            case EngineBusyException e -> "busy";
            case IllegalStateException e -> "closed";
            default -> "failed";
        };
    }
}
