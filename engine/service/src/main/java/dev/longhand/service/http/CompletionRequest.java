package dev.longhand.service.http;

import dev.longhand.engine.file.Settings;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.Prompt;
import dev.longhand.service.Conversations;
import dev.longhand.service.Dialect;
import dev.longhand.service.FormatFields;
import dev.longhand.service.RequestFields;
import dev.longhand.service.RequestRules;
import dev.longhand.service.Tools;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

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
 * @param promptView the view of the prompt that the response includes
 * @param chat whether thoughts are separate from the answer
 * @param tools the functions that the answer may call
 * @param formatField the name of the field that the format of the answer comes from
 */
record CompletionRequest(
        @Nullable String model,
        List<GenerationRequest> prompts,
        int samples,
        boolean stream,
        boolean includeUsage,
        int logprobs,
        boolean tokenIds,
        PromptView promptView,
        boolean chat,
        Tools tools,
        String formatField) {
    /** vLLM's name for BOS before a text. */
    static final String ADD_SPECIAL_TOKENS = "add_special_tokens";

    /** The maximum number of likeliest tokens that a request may ask for, as in OpenAI and vLLM. */
    private static final int LOGPROBS_MAX = 20;

    private static final JsonMapper JSON = new JsonMapper();

    /** OpenAI's default for completions; chat completions have no default limit. */
    private static final int TEXT_TOKENS_DEFAULT = 16;

    private static final int INT_MAX = Integer.MAX_VALUE;
    private static final int PROMPT_TOKENS_MAX = 1 << 22;

    /**
     * The view of a prompt in the response.
     *
     * @param echo whether texts and log-probabilities of choices begin with the prompt
     * @param logprobs the number of likeliest tokens to report per prompt token; -1 for none
     */
    record PromptView(boolean echo, int logprobs) {
        static final PromptView NONE = new PromptView(false, -1);
    }

    /** Fields of both endpoints; fields that identify the caller are accepted and ignored. */
    private static final Set<String> SHARED =
            Set.of(
                    "model",
                    "max_tokens",
                    "n",
                    "stream",
                    "stream_options",
                    "logprobs",
                    "return_token_ids",
                    "user",
                    "metadata",
                    "safety_identifier",
                    "prompt_cache_key");

    private static final Set<String> CHAT =
            Set.of(
                    "messages",
                    "tools",
                    "tool_choice",
                    "parallel_tool_calls",
                    "max_completion_tokens",
                    "top_logprobs");

    private static final Set<String> CHAT_FIELDS =
            Stream.concat(CHAT.stream(), Conversations.OPTIONS.stream())
                    .collect(Collectors.toUnmodifiableSet());

    /** Parses a request for completions. */
    static CompletionRequest text(Settings body, RequestRules rules) {
        refuseUnknown(
                body,
                Set.of("prompt", "echo", "prompt_logprobs", ADD_SPECIAL_TOKENS),
                rules.dialect());
        int logprobs = whole(body, "logprobs", 0, LOGPROBS_MAX, -1, rules);
        boolean echo = body.bool("echo", false);
        int promptLogprobs = whole(body, "prompt_logprobs", 0, LOGPROBS_MAX, -1, rules);
        if (promptLogprobs >= 0 && body.bool("stream", false)) {
            throw body.refuse("prompt_logprobs", "is not supported in a stream");
        }
        boolean mayBeEmpty = echo || promptLogprobs >= 0;
        Integer tokens = textTokens(body, mayBeEmpty, rules.dialect());
        int scored = Math.max(promptLogprobs, echo ? logprobs : -1);
        boolean empty = tokens != null && tokens == 0;
        Integer reported = scored < 0 && !empty ? null : (Integer) Math.max(0, scored);
        List<GenerationRequest> requests = new ArrayList<>();
        for (Prompt prompt : prompts(body, rules.limits().requestsPerConnectionMax())) {
            GenerationRequest plain =
                    GenerationRequest.of(prompt)
                            .withPromptLogprobs(reported)
                            .withMaxTokens(tokens)
                            .withAnswerFormat(FormatFields.read(body));
            requests.add(request(body, plain, logprobs, rules));
        }
        return of(body, requests, logprobs, new PromptView(echo, promptLogprobs), rules);
    }

    /** Parses a request for chat completions. */
    static CompletionRequest chat(Settings body, RequestRules rules) {
        refuseUnknown(body, CHAT_FIELDS, rules.dialect());
        boolean scored = body.bool("logprobs", false);
        int top = whole(body, "top_logprobs", 0, LOGPROBS_MAX, 0, rules);
        if (top > 0 && !scored) {
            throw body.refuse("top_logprobs", "needs \"logprobs\": true");
        }
        Tools tools = Tools.read(body);
        Prompt.Chat prompt = Conversations.read(body, rules.dialect());
        int logprobs = scored ? top : -1;
        GenerationRequest plain =
                GenerationRequest.of(prompt)
                        .withMaxTokens(chatTokens(body, rules.dialect()))
                        .withAnswerFormat(tools.format(body));
        List<GenerationRequest> requests = List.of(request(body, plain, logprobs, rules));
        return of(body, requests, logprobs, PromptView.NONE, rules)
                .withChat(tools, tools.formatField(body));
    }

    private static @Nullable Integer textTokens(
            Settings body, boolean mayBeEmpty, Dialect dialect) {
        if (mayBeEmpty && Objects.equals(dialect.whole(body, "max_tokens", -1, INT_MAX), 0)) {
            return 0;
        }
        Integer tokens = RequestFields.maxTokens(body, "max_tokens", dialect);
        return body.has("max_tokens") ? tokens : (Integer) TEXT_TOKENS_DEFAULT;
    }

    /**
     * Reads the limit of a chat by its older and its newer name; the lenient dialect takes both.
     */
    private static @Nullable Integer chatTokens(Settings body, Dialect dialect) {
        Integer older = RequestFields.maxTokens(body, "max_tokens", dialect);
        Integer newer = RequestFields.maxTokens(body, "max_completion_tokens", dialect);
        boolean both = body.has("max_tokens") && body.has("max_completion_tokens");
        if (both && !(dialect.lenient() && Objects.equals(older, newer))) {
            throw body.refuse("max_tokens", "cannot stand beside max_completion_tokens");
        }
        return older != null ? older : newer;
    }

    private static int whole(
            Settings body, String key, int min, int max, int absent, RequestRules rules) {
        return Objects.requireNonNullElse(rules.dialect().whole(body, key, min, max), absent);
    }

    private static void refuseUnknown(Settings body, Set<String> own, Dialect dialect) {
        IgnorableDefaults.check(body, own, dialect);
        RequestFields.refuseUnknown(
                body,
                List.of(
                        SHARED,
                        own,
                        FormatFields.NAMES,
                        RequestFields.SAMPLING,
                        RequestFields.CONTROLS,
                        RequestFields.ENDS,
                        IgnorableDefaults.names(dialect)));
    }

    private static GenerationRequest request(
            Settings body, GenerationRequest plain, int logprobs, RequestRules rules) {
        int reported = logprobs < 0 ? 0 : Math.max(1, logprobs); // the token's own comes with them
        return RequestFields.request(body, plain, reported, rules);
    }

    private static CompletionRequest of(
            Settings body,
            List<GenerationRequest> prompts,
            int logprobs,
            PromptView promptView,
            RequestRules rules) {
        int choicesMax = rules.limits().requestsPerConnectionMax();
        int samples = whole(body, "n", 1, choicesMax, 1, rules);
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
                body.object("stream_options")
                        .map(options -> includeUsage(options, rules.dialect()))
                        .orElse(false);
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
                promptView,
                false,
                Tools.NONE,
                FormatFields.name(body));
    }

    private CompletionRequest withChat(Tools offered, String format) {
        return new CompletionRequest(
                model,
                prompts,
                samples,
                stream,
                includeUsage,
                logprobs,
                tokenIds,
                promptView,
                true,
                offered,
                format);
    }

    /** Returns this request with control tokens in the text, which may be markers of calls. */
    CompletionRequest withControlText() {
        return new CompletionRequest(
                model,
                prompts.stream().map(prompt -> prompt.withControlText(true)).toList(),
                samples,
                stream,
                includeUsage,
                logprobs,
                tokenIds,
                promptView,
                chat,
                tools,
                formatField);
    }

    /** Whether the response includes log-probabilities. */
    boolean scored() {
        return logprobs >= 0;
    }

    /** The lenient dialect ignores the padding against eavesdroppers that OpenAI offers. */
    private static boolean includeUsage(Settings options, Dialect dialect) {
        Set<String> ignored = dialect.lenient() ? Set.of("include_obfuscation") : Set.of();
        RequestFields.refuseUnknown(options, List.of(Set.of("include_usage"), ignored));
        return options.bool("include_usage", false);
    }

    /** Parses a text, a list of texts, a list of token ids, or a list of such lists. */
    private static List<Prompt> prompts(Settings body, int promptsMax) {
        if (body.isString("prompt")) {
            return List.of(text(body, body.string("prompt").orElseThrow()));
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
            return text(body, value.stringValue());
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

    private static Prompt text(Settings body, String prompt) {
        RequestFields.requireUnicode(body, "prompt", prompt);
        return new Prompt.Text(prompt, body.bool(ADD_SPECIAL_TOKENS, true));
    }
}
