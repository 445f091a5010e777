package dev.longhand.service.soak;

import dev.longhand.engine.Completion;
import dev.longhand.engine.generation.AnswerFormat;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.SamplingOptions;
import dev.longhand.engine.generation.Thinking;
import dev.longhand.engine.generation.ThoughtMarkers;
import dev.longhand.engine.generation.TokenLogprob;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A request that clients send repeatedly.
 *
 * @param model a fixed name, or one whose content is swapped
 * @param temperature 0 is greedy
 * @param thoughtTokens budget of the thought with which the output begins; null is no thought
 * @param formatted whether the answer is held to {@link #FORMAT}
 */
record SoakRequest(
        String model,
        List<Integer> prompt,
        int tokens,
        float temperature,
        long seed,
        int logprobs,
        @Nullable Integer thoughtTokens,
        boolean formatted) {
    private static final String FORMAT = "[0-9 ]{3,30}(,[a-z]{2,9}){0,4}";
    private static final ThoughtMarkers MARKERS = ThoughtMarkers.of("", "</t>");
    private static final JsonMapper JSON = new JsonMapper();

    /** The answer so far, with the bits of its log-probabilities. */
    record Answer(List<Integer> ids, List<String> logprobs, String text, String finish) {
        /** Whether it is a prefix of another answer, or equal. */
        boolean begins(Answer whole) {
            return ids.size() <= whole.ids.size()
                    && ids.equals(whole.ids.subList(0, ids.size()))
                    && logprobs.equals(whole.logprobs.subList(0, logprobs.size()))
                    && whole.text.startsWith(text);
        }
    }

    /** A random request of a model; some prompts share a prefix, as real ones do. */
    static SoakRequest random(
            Random random,
            String model,
            int vocabulary,
            int promptMax,
            int tokensMax,
            boolean withPhases) {
        Random shared = new Random(random.nextInt(3));
        List<Integer> prompt = new ArrayList<>();
        int common = random.nextInt(promptMax / 2);
        for (int i = 0; i < common; i++) {
            prompt.add(shared.nextInt(vocabulary));
        }
        for (int i = random.nextInt(promptMax / 2); i >= 0; i--) {
            prompt.add(random.nextInt(vocabulary));
        }
        return new SoakRequest(
                model,
                prompt,
                1 + random.nextInt(tokensMax),
                random.nextBoolean() ? 0 : 0.9f,
                random.nextInt(1000),
                random.nextInt(3),
                withPhases && random.nextInt(3) == 0 ? random.nextInt(1 + tokensMax / 2) : null,
                withPhases && random.nextInt(3) == 0);
    }

    /** The request, with the name that its adapter has in an engine. */
    GenerationRequest request(@Nullable String adapter) {
        SamplingOptions sampling =
                SamplingOptions.DEFAULT
                        .withTemperature(temperature)
                        .withSeed(seed)
                        .withLogprobs(logprobs);
        GenerationRequest request =
                GenerationRequest.ids(prompt).withMaxTokens(tokens).withSampling(sampling);
        if (thoughtTokens != null) {
            request = request.withThinking(new Thinking(thoughtTokens, MARKERS));
        }
        if (formatted) {
            request = request.withAnswerFormat(AnswerFormat.regex(FORMAT));
        }
        return request.withAdapter(adapter);
    }

    /** Formats the request line. */
    String json(String id) {
        ObjectNode json = JSON.createObjectNode().put("id", id).put("model", model);
        prompt.forEach(json.putArray("prompt_ids")::add);
        json.put("max_tokens", tokens).put("temperature", temperature);
        json.put("seed", seed).put("logprobs", logprobs);
        addPhases(json);
        return json.toString();
    }

    /** Adds the fields of thought and format, which both protocols share. */
    void addPhases(ObjectNode json) {
        if (thoughtTokens != null) {
            json.put("thinking_budget", thoughtTokens);
            json.put("thought_begin", MARKERS.begin()).put("thought_end", MARKERS.end());
        }
        if (formatted) {
            json.put("guided_regex", FORMAT);
        }
    }

    /** Parses an answer of the line protocol. */
    static Answer answer(Completion completion) {
        List<String> logprobs = new ArrayList<>();
        for (List<TokenLogprob> top : completion.logprobs()) {
            logprobs.add(
                    String.join(
                            " ",
                            top.stream().map(each -> each.id() + ":" + each.logprob()).toList()));
        }
        return new Answer(
                completion.ids(), logprobs, completion.text(), completion.reason().jsonName());
    }

    /** Parses a token event. */
    static String logprobs(JsonNode event) {
        return String.join(
                " ",
                event.path("logprobs")
                        .valueStream()
                        .map(each -> each.get(0).asInt() + ":" + each.get(1).floatValue())
                        .toList());
    }
}
