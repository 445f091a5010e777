package dev.longhand.service.http;

import dev.longhand.engine.file.Settings;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.Prompt;
import dev.longhand.service.Messages;
import dev.longhand.service.RequestFields;
import dev.longhand.service.ServiceLimits;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * A parsed request for completions or chat completions. Unsupported fields are rejected by name.
 *
 * @param model a name; null is the base
 * @param prompts one prompt; completions may have several
 * @param samples the number of choices per prompt
 * @param stream whether to stream the answer
 * @param includeUsage whether a stream ends with its token usage
 * @param logprobs the number of likeliest tokens to report per token; -1 for no log-probabilities
 * @param tokenIds whether the response includes token ids
 * @param callsTools whether the answer may contain function calls
 */
record CompletionRequest(
        @Nullable String model,
        List<GenerationRequest> prompts,
        int samples,
        boolean stream,
        boolean includeUsage,
        int logprobs,
        boolean tokenIds,
        boolean callsTools) {
    /**
     * The maximum number of likeliest tokens that a request may ask for, as in OpenAI and vLLM. If
     * log-probabilities are requested, the engine always reports this many, since the sampled token
     * need not be the likeliest.
     */
    private static final int LOGPROBS_MAX = 20;

    private static final JsonMapper JSON = new JsonMapper();

    /** OpenAI's default for completions; chat completions have no default limit. */
    private static final int TEXT_TOKENS_DEFAULT = 16;

    private static final int PROMPT_TOKENS_MAX = 1 << 22;

    /** Fields of both endpoints; fields that identify the caller are accepted and ignored. */
    private static final Set<String> SHARED =
            Set.of(
                    "model",
                    "max_tokens",
                    "n",
                    "stop",
                    "stream",
                    "stream_options",
                    "logprobs",
                    "ignore_eos",
                    "return_token_ids",
                    "user",
                    "metadata",
                    "safety_identifier",
                    "prompt_cache_key");

    private static final Set<String> CHAT =
            Set.of("messages", "tools", "tool_choice", "max_completion_tokens", "top_logprobs");

    /** Parses a request for completions. */
    static CompletionRequest text(Settings body, ServiceLimits limits) {
        refuseUnknown(body, Set.of("prompt"));
        int logprobs = body.integer("logprobs", 0, LOGPROBS_MAX).orElse(-1);
        Integer tokens = RequestFields.whole(body, "max_tokens");
        List<GenerationRequest> requests = new ArrayList<>();
        for (Prompt prompt : prompts(body, limits.requestsPerConnectionMax())) {
            int tokensMax = tokens == null ? TEXT_TOKENS_DEFAULT : tokens;
            requests.add(request(body, prompt, tokensMax, logprobs));
        }
        return of(body, requests, logprobs, false, limits);
    }

    /** Parses a request for chat completions. */
    static CompletionRequest chat(Settings body, ServiceLimits limits) {
        refuseUnknown(body, CHAT);
        boolean scored = body.bool("logprobs", false);
        int top = body.integer("top_logprobs", 0, LOGPROBS_MAX).orElse(0);
        if (top > 0 && !scored) {
            throw body.refuse("top_logprobs", "needs \"logprobs\": true");
        }
        if (body.has("max_tokens") && body.has("max_completion_tokens")) {
            throw body.refuse("max_tokens", "cannot stand beside max_completion_tokens");
        }
        String limit = body.has("max_tokens") ? "max_tokens" : "max_completion_tokens";
        List<String> tools = tools(body);
        Prompt prompt = new Prompt.Chat(Messages.read(body), tools);
        int logprobs = scored ? top : -1;
        GenerationRequest request =
                request(body, prompt, RequestFields.whole(body, limit), logprobs);
        return of(body, List.of(request), logprobs, !tools.isEmpty(), limits);
    }

    private static void refuseUnknown(Settings body, Set<String> own) {
        IgnorableDefaults.check(body);
        RequestFields.refuseUnknown(
                body,
                List.of(
                        SHARED,
                        own,
                        RequestFields.SAMPLING,
                        RequestFields.CONTROLS,
                        IgnorableDefaults.names()));
    }

    private static GenerationRequest request(
            Settings body, Prompt prompt, @Nullable Integer tokensMax, int logprobs) {
        return RequestFields.request(body, prompt, logprobs < 0 ? 0 : LOGPROBS_MAX)
                .withMaxTokens(tokensMax);
    }

    private static CompletionRequest of(
            Settings body,
            List<GenerationRequest> prompts,
            int logprobs,
            boolean callsTools,
            ServiceLimits limits) {
        int choicesMax = limits.requestsPerConnectionMax();
        int samples = body.integer("n", 1, choicesMax).orElse(1);
        if (prompts.size() * samples > choicesMax) {
            throw body.refuse(
                    "n",
                    "is %d for each of %d prompts, at most %d together"
                            .formatted(samples, prompts.size(), choicesMax));
        }
        boolean stream = body.bool("stream", false);
        if (body.has("stream_options") && !stream) {
            throw body.refuse("stream_options", "needs \"stream\": true");
        }
        boolean includeUsage =
                body.object("stream_options").map(CompletionRequest::includeUsage).orElse(false);
        body.string("user");
        body.object("metadata");
        return new CompletionRequest(
                body.string("model").orElse(null),
                prompts,
                samples,
                stream,
                includeUsage,
                logprobs,
                body.bool("return_token_ids", false),
                callsTools);
    }

    /** Whether the response includes log-probabilities. */
    boolean scored() {
        return logprobs >= 0;
    }

    private static boolean includeUsage(Settings options) {
        RequestFields.refuseUnknown(options, List.of(Set.of("include_usage")));
        return options.bool("include_usage", false);
    }

    /** Parses a text, a list of texts, a list of token ids, or a list of such lists. */
    private static List<Prompt> prompts(Settings body, int promptsMax) {
        if (body.isString("prompt")) {
            return List.of(new Prompt.Text(body.string("prompt").orElseThrow()));
        }
        String json = body.json("prompt");
        if (json == null) {
            throw body.refuse("prompt", "is missing");
        }
        JsonNode value = JSON.readTree(json);
        boolean several =
                value.isArray()
                        && !value.isEmpty()
                        && (value.get(0).isString() || value.get(0).isArray());
        if (!several) {
            return List.of(prompt(body, value));
        }
        if (value.size() > promptsMax) {
            throw body.refuse("prompt", "is a list of more than " + promptsMax + " prompts");
        }
        List<Prompt> prompts = new ArrayList<>();
        for (JsonNode each : value) {
            prompts.add(prompt(body, each));
        }
        return prompts;
    }

    private static Prompt prompt(Settings body, JsonNode value) {
        if (value.isString()) {
            return new Prompt.Text(value.stringValue());
        }
        if (!value.isArray() || value.size() > PROMPT_TOKENS_MAX) {
            throw body.refuse("prompt", "must be a text, a list of token ids, or a list of those");
        }
        List<Integer> ids = new ArrayList<>(value.size());
        for (JsonNode id : value) {
            if (!id.isIntegralNumber() || !id.canConvertToInt()) {
                throw body.refuse("prompt", "must be token ids, or texts, or lists of ids");
            }
            ids.add(id.intValue());
        }
        return new Prompt.Ids(ids);
    }

    /**
     * Parses the functions that the chat template lists in the prompt; none for tool choice "none".
     */
    static List<String> tools(Settings body) {
        List<String> tools = new ArrayList<>();
        for (Settings tool : body.objects("tools")) {
            if (!tool.string("type").orElse("function").equals("function")) {
                throw tool.refuse("type", "must be \"function\"");
            }
            if (tool.object("function").flatMap(function -> function.string("name")).isEmpty()) {
                throw tool.refuse("function", "has no name");
            }
            tools.add(tool.json());
        }
        if (!body.has("tool_choice")) {
            return tools;
        }
        String choice = body.isString("tool_choice") ? body.string("tool_choice").get() : "";
        return switch (choice) {
            case "auto" -> tools;
            case "none" -> List.of();
            default ->
                    throw body.refuse(
                            "tool_choice", "must be \"auto\" or \"none\"; we force no calls");
        };
    }
}
