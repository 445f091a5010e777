package dev.longhand.service;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.Settings;
import dev.longhand.engine.generation.GenerationDefaults;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.LoopRule;
import dev.longhand.engine.generation.SamplingOptions;
import dev.longhand.engine.generation.Thinking;
import dev.longhand.engine.generation.ThoughtMarkers;
import dev.longhand.engine.generation.Timeouts;

import org.jspecify.annotations.Nullable;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/** Parses the request fields that both protocols share. */
public final class RequestFields {
    /** Sampling fields; both protocols use these names. */
    public static final Set<String> SAMPLING =
            Set.of(
                    "temperature",
                    "top_k",
                    "top_p",
                    "min_p",
                    "repetition_penalty",
                    "frequency_penalty",
                    "presence_penalty",
                    "logit_bias",
                    "seed");

    /** Fields that control thoughts, loops and time limits; both protocols use these names. */
    public static final Set<String> CONTROLS =
            Set.of(
                    "thinking_budget",
                    "thought_begin",
                    "thought_end",
                    "stop_in_thought",
                    "loop_detector",
                    "timeout_ms",
                    "queue_timeout_ms");

    /** Fields about the end of the output; both protocols use these names, which are vLLM's. */
    public static final Set<String> ENDS =
            Set.of(
                    "stop",
                    "stop_token_ids",
                    "include_stop_str_in_output",
                    "skip_special_tokens",
                    "min_tokens",
                    "ignore_eos");

    /** The largest number of samples per request. */
    public static final int SAMPLES_MAX = 64;

    /** Matches a token id: at most nine digits, so that it fits an int. */
    private static final Pattern TOKEN_ID = Pattern.compile("[0-9]{1,9}");

    private static final int INT_MAX = Integer.MAX_VALUE;

    /** Defaults that change nothing, to check one setting at a time. */
    private static final GenerationDefaults NEUTRAL =
            new GenerationDefaults(0, 0, 1, 0, 1, List.of());

    private RequestFields() {}

    /**
     * Parses a request, which must be a JSON object, and drops its bytes.
     *
     * @throws InputException if it is not
     */
    public static Settings parse(RequestBuffer request) {
        return Settings.parse("request", request.bytes());
    }

    /**
     * Rejects a request with an unknown field, naming the field: ignoring it could change the
     * answer without notice.
     *
     * @param known sets of supported fields
     */
    public static void refuseUnknown(Settings request, List<Set<String>> known) {
        for (String key : request.keys()) {
            if (known.stream().noneMatch(keys -> keys.contains(key)) && request.has(key)) {
                throw request.refuse(key, "is not supported");
            }
        }
    }

    /**
     * Parses the fields that both protocols share. Errors name the field.
     *
     * @param plain has the prompt and its limits
     * @param logprobs log-probabilities per token that the request asks for
     */
    public static GenerationRequest request(
            Settings request, GenerationRequest plain, int logprobs, RequestRules rules) {
        return withEnds(request, plain, rules)
                .withSampling(sampling(request, logprobs, rules))
                .withThinking(thinking(request, rules.dialect()))
                .withLoopRule(loopRule(request))
                .withTimeouts(timeouts(request));
    }

    private static GenerationRequest withEnds(
            Settings request, GenerationRequest plain, RequestRules rules) {
        List<String> stops = stops(request);
        List<Integer> ids =
                request.integerList(
                        "stop_token_ids", GenerationRequest.STOP_TOKENS_MAX, 0, rules.tokens() - 1);
        int least =
                Objects.requireNonNullElse(
                        rules.dialect().whole(request, "min_tokens", 0, INT_MAX), 0);
        return named(request, "min_tokens", () -> plain.withMinTokens(least))
                .withStops(named(request, "stop", () -> plain.withStops(stops)).stops())
                .withStopTokens(ids)
                .withStopIncluded(request.bool("include_stop_str_in_output", false))
                .withControlText(!request.bool("skip_special_tokens", true))
                .withStopInThought(request.bool("stop_in_thought", false))
                .withIgnoreEos(request.bool("ignore_eos", false));
    }

    /**
     * Returns the limit on generated tokens, or null if there is none. The lenient dialect also
     * takes -1 for none.
     */
    public static @Nullable Integer maxTokens(Settings request, String key, Dialect dialect) {
        int least = dialect.lenient() ? -1 : 1;
        Integer tokens = dialect.whole(request, key, least, Integer.MAX_VALUE);
        if (tokens != null && tokens == 0) {
            throw request.refuse(key, "is 0, must be at least 1");
        }
        return tokens != null && tokens < 0 ? null : tokens;
    }

    private static SamplingOptions sampling(Settings request, int logprobs, RequestRules rules) {
        Integer topK = rules.dialect().whole(request, "top_k", Integer.MIN_VALUE, INT_MAX);
        Long seed = rules.dialect().wholeLong(request, "seed");
        Map<Integer, Float> biases =
                request.object("logit_bias")
                        .map(object -> biases(object, rules.tokens()))
                        .orElse(Map.of());
        Float repetition = real(request, "repetition_penalty");
        Float frequency = real(request, "frequency_penalty");
        Float presence = real(request, "presence_penalty");
        Float temperature = real(request, "temperature");
        Float topP = real(request, "top_p");
        Float minP = real(request, "min_p");
        SamplingOptions none = SamplingOptions.DEFAULT;
        check(request, "temperature", none.withTemperature(temperature));
        check(request, "top_k", none.withTopK(topK));
        check(request, "top_p", none.withTopP(topP));
        check(request, "min_p", none.withMinP(minP));
        check(request, "repetition_penalty", none.withRepetitionPenalty(repetition));
        check(request, "frequency_penalty", none.withFrequencyPenalty(frequency));
        check(request, "presence_penalty", none.withPresencePenalty(presence));
        check(request, "logit_bias", none.withLogitBias(biases));
        return none.withTemperature(temperature)
                .withTopK(topK)
                .withTopP(topP)
                .withMinP(minP)
                .withRepetitionPenalty(repetition)
                .withFrequencyPenalty(frequency)
                .withPresencePenalty(presence)
                .withLogitBias(biases)
                .withSeed(seed)
                .withLogprobs(logprobs);
    }

    /** Rejects a setting that no sampler takes, naming its field. */
    private static void check(Settings request, String key, SamplingOptions options) {
        named(request, key, () -> options.resolve(NEUTRAL, 0, Integer.MAX_VALUE));
    }

    /** Returns the value; rejects the field if there is none. */
    private static <T> T named(Settings request, String key, Supplier<T> value) {
        try {
            return value.get();
        } catch (InputException e) {
            throw request.refuse(key, "is refused: " + e.getMessage());
        }
    }

    /** Parses an object whose keys are token ids. */
    private static Map<Integer, Float> biases(Settings object, int tokens) {
        Map<Integer, Float> biases = new HashMap<>();
        for (String key : object.keys()) {
            if (!TOKEN_ID.matcher(key).matches()) {
                throw object.refuse(key, "must be the id of a token");
            }
            if (Integer.parseInt(key) >= tokens) {
                throw object.refuse(key, "is no token: the vocabulary has " + tokens);
            }
            Float bias = real(object, key);
            if (bias != null && biases.put(Integer.valueOf(key), bias) != null) {
                throw object.refuse(key, "is there twice");
            }
        }
        return biases;
    }

    /** Parses the thinking budget and the thought markers, which must be given as a pair. */
    public static Thinking thinking(Settings request, Dialect dialect) {
        String begin = text(request, "thought_begin");
        String end = text(request, "thought_end");
        if ((begin == null) != (end == null)) {
            throw request.refuse(
                    begin == null ? "thought_end" : "thought_begin",
                    "goes with " + (begin == null ? "thought_begin" : "thought_end"));
        }
        ThoughtMarkers markers =
                begin == null || end == null
                        ? null
                        : named(request, "thought_begin", () -> ThoughtMarkers.of(begin, end));
        return new Thinking(dialect.whole(request, "thinking_budget", 0, INT_MAX), markers);
    }

    /** Returns the default loop rule if the request enables the detector, else null. */
    public static @Nullable LoopRule loopRule(Settings request) {
        return request.bool("loop_detector", false) ? LoopRule.DEFAULT : null;
    }

    /** Parses the limits on total time and on queue time. */
    private static Timeouts timeouts(Settings request) {
        return new Timeouts(millis(request, "queue_timeout_ms"), millis(request, "timeout_ms"));
    }

    private static @Nullable Long millis(Settings request, String key) {
        Double value = request.number(key, 1, Timeouts.MILLIS_MAX);
        return value == null ? null : (Long) Math.round(value);
    }

    private static @Nullable Float real(Settings request, String key) {
        Double value = request.number(key, -1e9, 1e9);
        return value == null ? null : value.floatValue();
    }

    /** Parses stop strings: one string or a list; empty if absent. */
    private static List<String> stops(Settings request) {
        List<String> stops =
                request.isString("stop")
                        ? List.of(request.string("stop").orElseThrow())
                        : request.strings("stop");
        stops.forEach(stop -> requireUnicode(request, "stop", stop));
        return stops;
    }

    /** Returns the text under a key, or null; it must be Unicode. */
    public static @Nullable String text(Settings request, String key) {
        String text = request.string(key).orElse(null);
        if (text != null) {
            requireUnicode(request, key, text);
        }
        return text;
    }

    /**
     * Rejects a text with a surrogate that is not part of a pair. It has no UTF-8, so the model
     * would read another text, and a stop string would match another one.
     */
    public static void requireUnicode(Settings request, String key, String text) {
        for (int i = 0; i < text.length(); i++) {
            char unit = text.charAt(i);
            if (Character.isSurrogate(unit)) {
                boolean pair =
                        i + 1 < text.length()
                                && Character.isSurrogatePair(unit, text.charAt(i + 1));
                if (!pair) {
                    throw request.refuse(key, "has a surrogate without its pair");
                }
                i++;
            }
        }
    }

    /**
     * Returns the only one of these keys that is present; rejects a request with none or several.
     */
    public static String oneOf(Settings request, String... keys) {
        String found = null;
        for (String key : keys) {
            if (request.has(key)) {
                if (found != null) {
                    throw request.refuse(key, "cannot stand beside " + found);
                }
                found = key;
            }
        }
        if (found == null) {
            throw new InputException("one of %s is needed".formatted(List.of(keys)));
        }
        return found;
    }
}
