package dev.longhand.service;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.Settings;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.LoopRule;
import dev.longhand.engine.generation.Prompt;
import dev.longhand.engine.generation.SamplingOptions;
import dev.longhand.engine.generation.Thinking;
import dev.longhand.engine.generation.ThoughtMarkers;
import dev.longhand.engine.generation.Timeouts;
import dev.longhand.engine.work.Workers;

import org.jspecify.annotations.Nullable;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
                    "loop_detector",
                    "timeout_ms",
                    "queue_timeout_ms");

    /** The largest number of samples per request. */
    public static final int SAMPLES_MAX = 64;

    /** Longest request that is parsed where it is read, in bytes: about a millisecond's work. */
    private static final int SHORT_BYTES_MAX = 64 << 10;

    private static final Workers PARSERS =
            new Workers("longhand-parse", Runtime.getRuntime().availableProcessors());

    /** Matches a token id: at most nine digits, so that it fits an int. */
    private static final Pattern TOKEN_ID = Pattern.compile("[0-9]{1,9}");

    private RequestFields() {}

    /**
     * Parses a request, which must be a JSON object. A long one does not occupy the carrier of a
     * virtual thread meanwhile.
     *
     * @throws InputException if it is not
     */
    public static Settings parse(byte[] json) {
        return json.length <= SHORT_BYTES_MAX
                ? Settings.parse("request", json)
                : PARSERS.call(() -> Settings.parse("request", json));
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
     * Parses the fields that both protocols share into a request without a token limit.
     *
     * @param logprobs log-probabilities per token that the request asks for
     */
    public static GenerationRequest request(Settings request, Prompt prompt, int logprobs) {
        return GenerationRequest.of(prompt)
                .withSampling(sampling(request, logprobs))
                .withStops(stops(request))
                .withIgnoreEos(request.bool("ignore_eos", false))
                .withThinking(thinking(request))
                .withLoopRule(loopRule(request))
                .withTimeouts(timeouts(request));
    }

    private static SamplingOptions sampling(Settings request, int logprobs) {
        return SamplingOptions.DEFAULT
                .withTemperature(real(request, "temperature"))
                .withTopK(whole(request, "top_k"))
                .withTopP(real(request, "top_p"))
                .withMinP(real(request, "min_p"))
                .withRepetitionPenalty(real(request, "repetition_penalty"))
                .withFrequencyPenalty(real(request, "frequency_penalty"))
                .withPresencePenalty(real(request, "presence_penalty"))
                .withLogitBias(
                        request.object("logit_bias").map(RequestFields::biases).orElse(Map.of()))
                .withSeed(seed(request))
                .withLogprobs(logprobs);
    }

    /** Parses an object whose keys are token ids. */
    private static Map<Integer, Float> biases(Settings object) {
        Map<Integer, Float> biases = new HashMap<>();
        for (String key : object.keys()) {
            if (!TOKEN_ID.matcher(key).matches()) {
                throw object.refuse(key, "must be the id of a token");
            }
            Float bias = real(object, key);
            if (bias != null && biases.put(Integer.valueOf(key), bias) != null) {
                throw object.refuse(key, "is there twice");
            }
        }
        return biases;
    }

    /** Parses the thinking budget and the thought markers, which must be given as a pair. */
    public static Thinking thinking(Settings request) {
        String begin = request.string("thought_begin").orElse(null);
        String end = request.string("thought_end").orElse(null);
        if ((begin == null) != (end == null)) {
            throw request.refuse(
                    begin == null ? "thought_end" : "thought_begin",
                    "goes with " + (begin == null ? "thought_begin" : "thought_end"));
        }
        ThoughtMarkers markers =
                begin == null || end == null ? null : ThoughtMarkers.of(begin, end);
        return new Thinking(whole(request, "thinking_budget"), markers);
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

    /** Returns the integer under a key, or null. */
    public static @Nullable Integer whole(Settings request, String key) {
        var value = request.integer(key, Integer.MIN_VALUE, Integer.MAX_VALUE);
        return value.isPresent() ? Integer.valueOf(value.getAsInt()) : null;
    }

    /** Parses a seed from -2^53 to 2^53, the range in which JSON readers keep integers exactly. */
    private static @Nullable Long seed(Settings request) {
        Double value = request.number("seed", -0x1p53, 0x1p53);
        if (value != null && value != Math.rint(value)) {
            throw request.refuse("seed", "must be a whole number");
        }
        return value == null ? null : value.longValue();
    }

    /** Parses stop strings: one string or a list; empty if absent. */
    private static List<String> stops(Settings request) {
        return request.isString("stop")
                ? List.of(request.string("stop").orElseThrow())
                : request.strings("stop");
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
