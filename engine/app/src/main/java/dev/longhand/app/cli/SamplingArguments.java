package dev.longhand.app.cli;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.Settings;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.LoopRule;
import dev.longhand.engine.generation.SamplingOptions;
import dev.longhand.engine.generation.Speculation;
import dev.longhand.engine.generation.Thinking;
import dev.longhand.engine.generation.ThoughtMarkers;
import dev.longhand.engine.generation.Timeouts;
import dev.longhand.service.Conversations;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Option;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** Options on sampling and on the end of generation; the checkpoint gives the defaults. */
final class SamplingArguments {
    private static final String TEMPLATE_VARIABLES = "--chat-template-kwargs";

    @Option(names = "--max-tokens", paramLabel = "N", description = "Most tokens to generate.")
    private @Nullable Integer maxTokens;

    @Option(names = "--temperature", paramLabel = "T", description = "0: greedy.")
    private @Nullable Float temperature;

    @Option(names = "--top-p", paramLabel = "P", description = "Keep the likeliest mass P.")
    private @Nullable Float topP;

    @Option(names = "--top-k", paramLabel = "K", description = "Keep the K likeliest; 0: all.")
    private @Nullable Integer topK;

    @Option(
            names = "--min-p",
            paramLabel = "P",
            description = "Drop tokens below P times the likeliest.")
    private @Nullable Float minP;

    @Option(
            names = "--repetition-penalty",
            paramLabel = "R",
            description = "Above 1 makes tokens seen before less likely.")
    private @Nullable Float repetitionPenalty;

    @Option(
            names = "--frequency-penalty",
            paramLabel = "R",
            description = "Subtracted from the logit of a token as often as it was generated.")
    private @Nullable Float frequencyPenalty;

    @Option(
            names = "--presence-penalty",
            paramLabel = "R",
            description = "Subtracted from the logits of tokens generated before.")
    private @Nullable Float presencePenalty;

    @Option(
            names = "--logit-bias",
            paramLabel = "ID=B",
            description =
                    "Added to the logit of token ID; -100 bans it, 100 commands it; repeatable.")
    private Map<Integer, Float> logitBias = Map.of();

    @Option(names = "--seed", paramLabel = "S", description = "Makes sampling repeatable.")
    private @Nullable Long seed;

    @Option(
            names = "--logprobs",
            paramLabel = "K",
            defaultValue = "0",
            description = "Report the K likeliest tokens of every step (json).")
    private int logprobs;

    @Option(
            names = "--stop",
            paramLabel = "S",
            description = "End the answer before this text; repeatable.")
    private List<String> stops = List.of();

    @Option(names = "--stop-in-thought", description = "Apply --stop to thoughts, too.")
    private boolean stopInThought;

    @Option(names = "--ignore-eos", description = "Generate through end tokens.")
    private boolean ignoreEos;

    @Option(
            names = "--speculation",
            paramLabel = "MODE",
            defaultValue = "auto",
            description =
                    "Draft tokens from repetitions in the text and verify several per step; the"
                            + " answer is the same: on, off, or auto, which adapts.")
    private Speculation speculation = Speculation.AUTO;

    @Option(
            names = TEMPLATE_VARIABLES,
            paramLabel = "JSON",
            description =
                    "An object of variables that the chat template reads, such as"
                            + " {\"enable_thinking\": false}.")
    private @Nullable String templateVariables;

    @Option(
            names = "--thinking-budget",
            paramLabel = "N",
            description = "Most tokens of the thought; then its end is written for the model.")
    private @Nullable Integer thinkingBudget;

    @Option(
            names = "--thought-begin",
            paramLabel = "T",
            description =
                    "The text after which the thought begins, in the output or at the prompt's"
                            + " end; empty: at once. Default: the model's. Needs --thought-end.")
    private @Nullable String thoughtBegin;

    @Option(
            names = "--thought-end",
            paramLabel = "T",
            description = "The text with which the thought ends. Needs --thought-begin.")
    private @Nullable String thoughtEnd;

    @Option(names = "--loop-detector", description = "End a looping output, with finish: loop.")
    private boolean loopDetector;

    @Option(
            names = "--timeout-ms",
            paramLabel = "MS",
            description = "End after MS milliseconds, with finish: deadline.")
    private @Nullable Long timeoutMillis;

    GenerationRequest apply(GenerationRequest request) {
        SamplingOptions sampling =
                SamplingOptions.DEFAULT
                        .withTemperature(temperature)
                        .withTopK(topK)
                        .withTopP(topP)
                        .withMinP(minP)
                        .withRepetitionPenalty(repetitionPenalty)
                        .withFrequencyPenalty(frequencyPenalty)
                        .withPresencePenalty(presencePenalty)
                        .withLogitBias(logitBias)
                        .withSeed(seed)
                        .withLogprobs(logprobs);
        return templated(request)
                .withMaxTokens(maxTokens)
                .withSampling(sampling)
                .withStops(stops)
                .withStopInThought(stopInThought)
                .withIgnoreEos(ignoreEos)
                .withSpeculation(speculation)
                .withThinking(new Thinking(thinkingBudget, markers()))
                .withLoopRule(loopDetector ? LoopRule.DEFAULT : null)
                .withTimeouts(new Timeouts(null, timeoutMillis));
    }

    private GenerationRequest templated(GenerationRequest request) {
        if (templateVariables == null) {
            return request;
        }
        String json = "{\"chat_template_kwargs\":" + templateVariables + "}";
        return request.withTemplateOptions(
                Conversations.template(
                        Settings.parse(TEMPLATE_VARIABLES, json.getBytes(StandardCharsets.UTF_8))));
    }

    private @Nullable ThoughtMarkers markers() {
        if (thoughtBegin == null && thoughtEnd == null) {
            return null;
        }
        if (thoughtBegin == null || thoughtEnd == null) {
            throw new InputException("--thought-begin and --thought-end go together");
        }
        return ThoughtMarkers.of(thoughtBegin, thoughtEnd);
    }
}
