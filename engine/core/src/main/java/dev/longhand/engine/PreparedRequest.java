package dev.longhand.engine;

import dev.longhand.engine.constraint.AnswerConstraint;
import dev.longhand.engine.constraint.AnswerFormats;
import dev.longhand.engine.constraint.FormatTokens;
import dev.longhand.engine.decode.OutputControls;
import dev.longhand.engine.decode.OutputLimit;
import dev.longhand.engine.decode.PromptScores;
import dev.longhand.engine.decode.Sequence;
import dev.longhand.engine.decode.SequenceSamples;
import dev.longhand.engine.decode.SharedPrompt;
import dev.longhand.engine.decode.StopCondition;
import dev.longhand.engine.decode.StopRules;
import dev.longhand.engine.decode.TextStream;
import dev.longhand.engine.decode.TokenLog;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.generation.AnswerFormat;
import dev.longhand.engine.generation.FinishReason;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.Speculation;
import dev.longhand.engine.lora.AdapterUse;
import dev.longhand.engine.schedule.EngineLimits;
import dev.longhand.engine.thought.LoopDetector;
import dev.longhand.engine.thought.MarkerChoice;
import dev.longhand.engine.thought.ThoughtRules;
import dev.longhand.engine.thought.ThoughtTracker;
import dev.longhand.engine.tokenizer.TokenTable;
import dev.longhand.engine.tokenizer.Tokenizer;
import dev.longhand.kernels.sampling.LogitBiases;
import dev.longhand.kernels.sampling.SamplerState;
import dev.longhand.kernels.sampling.SamplingParams;

import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/** A validated request with its encoded prompt; makes the sequences of its samples. */
final class PreparedRequest {
    private final EngineSetup setup;
    private final GenerationRequest request;
    private final int[] prompt;
    private final OutputLimit limit;
    private final SamplingParams sampling;
    private final StopRules stops;
    private final int[] banned; // before the least number of tokens
    private final boolean penalisedDrafts;
    private final @Nullable Tokenizer tokenizer;
    private final @Nullable ThoughtRules thought;
    private final @Nullable FormatTokens answer;
    private final List<Generation> generations = new ArrayList<>();

    /**
     * Validates a request and encodes its prompt.
     *
     * @param formats compiles answer formats; null without a tokenizer
     * @param penalisedDrafts whether draft tokens of a sequence with penalties can be verified
     * @throws InputException if the engine cannot fulfil the request
     */
    PreparedRequest(
            EngineSetup setup,
            PromptEncoder encoder,
            GenerationRequest request,
            @Nullable AnswerFormats formats,
            boolean penalisedDrafts) {
        this.setup = setup;
        this.request = request;
        this.penalisedDrafts = penalisedDrafts;
        tokenizer = setup.tokenizer().orElse(null);
        prompt = encoder.encodeForContext(request.prompt(), request.maxTokens());
        int room = setup.limits().contextTokensMax() - prompt.length;
        int asked = Objects.requireNonNullElse(request.maxTokens(), Integer.MAX_VALUE);
        limit =
                new OutputLimit(
                        Math.min(asked, room),
                        request.maxTokens() != null,
                        asked <= room ? FinishReason.LENGTH : FinishReason.CONTEXT);
        sampling =
                request.sampling()
                        .resolve(
                                setup.defaults(),
                                ThreadLocalRandom.current().nextLong(),
                                setup.sampledTokens());
        MarkerChoice markers = tokenizer == null ? null : encoder.markers(request.thinking());
        stops = stopRules(markers == null ? Set.of() : markers.shownTokens());
        banned = banned();
        requireHeap();
        if (tokenizer == null || markers == null) {
            refuse(!request.stops().isEmpty(), "stop strings need");
            refuse(request.thinking().budgetTokens() != null, "a thinking budget needs");
            refuse(request.answerFormat() != null, "an answer format needs");
            thought = null;
        } else {
            // Before an answer in a format comes the model's usual thought, or none.
            MarkerChoice taken = request.answerFormat() == null ? markers : markers.first();
            thought = new ThoughtRules(request.thinking(), taken, tokenizer, thoughtBegin());
            encoder.requireInVocabulary(thought.forcedTokens());
        }
        answer = formats == null || thought == null ? null : answer(formats, thought);
    }

    private StopRules stopRules(Set<Integer> shownTokens) {
        Set<Integer> tokens = new HashSet<>(request.stopTokens());
        if (!request.ignoreEos()) {
            tokens.addAll(setup.defaults().eosTokenIds());
        }
        return new StopRules(
                request.stops(),
                tokens,
                request.minTokens(),
                request.stopIncluded(),
                request.controlText(),
                shownTokens);
    }

    private int[] banned() {
        if (request.minTokens() == 0) {
            return new int[0];
        }
        int[] tokens =
                stops.tokens().stream()
                        .mapToInt(Integer::intValue)
                        .filter(token -> token < setup.sampledTokens())
                        .toArray();
        if (tokens.length >= Math.min(LogitBiases.BANNED_MAX, setup.sampledTokens())) {
            throw new InputException(
                    "min-tokens: %d tokens end the output, which are too many"
                            .formatted(tokens.length));
        }
        return tokens;
    }

    /** Refuses an output that the heap cannot hold, before a step is made for it. */
    private void requireHeap() {
        Integer scored = request.promptLogprobs();
        long bytes = TokenLog.bytes(limit.tokens(), sampling.logprobs());
        bytes += scored == null ? 0 : PromptScores.bytes(scoredTokens(), scored);
        if (bytes > EngineLimits.outputBytesMax()) {
            throw new InputException(
                    ("%d tokens with %d log-probabilities each take %d bytes, the Java heap has %d"
                                    + " for outputs; ask for fewer, or use a larger heap")
                            .formatted(
                                    limit.tokens(),
                                    sampling.logprobs(),
                                    bytes,
                                    EngineLimits.outputBytesMax()));
        }
    }

    private int scoredTokens() {
        int from = request.promptLogprobsFrom();
        if (from > prompt.length) {
            throw new InputException(
                    "prompt log-probabilities from position %d: the prompt has %d tokens"
                            .formatted(from, prompt.length));
        }
        return prompt.length - from;
    }

    /** A thought before an answer in a format is recognised where the format admits it only. */
    private ThoughtRules.Begin thoughtBegin() {
        if (request.answerFormat() == null) {
            return ThoughtRules.Begin.ANYWHERE;
        }
        return request.thinking().expected()
                ? ThoughtRules.Begin.FIRST
                : ThoughtRules.Begin.NOWHERE;
    }

    private @Nullable FormatTokens answer(AnswerFormats formats, ThoughtRules rules) {
        AnswerFormat format = request.answerFormat();
        if (format == null) {
            return null;
        }
        String begin = request.thinking().expected() ? rules.markers().getFirst().begin() : "";
        int[] ends = endTokens().stream().mapToInt(Integer::intValue).toArray();
        return formats.compile(format, begin.isEmpty() ? null : begin, ends);
    }

    private List<Integer> endTokens() {
        return request.ignoreEos() ? List.of() : setup.defaults().eosTokenIds();
    }

    private static void refuse(boolean asked, String what) {
        if (asked) {
            throw new InputException(what + " tokenizer files, which this model lacks");
        }
    }

    /**
     * Creates the sequences. Sample i has the request's seed plus i.
     *
     * @param uses one use of the adapter per sample
     */
    List<Sequence> sequences(List<AdapterUse> uses) {
        // A sample that shares the prompt of another would not have its scores.
        boolean shares = uses.size() > 1 && request.promptLogprobs() == null;
        SharedPrompt shared = shares ? new SharedPrompt() : null;
        List<Sequence> sequences = new ArrayList<>();
        for (int sample = 0; sample < uses.size(); sample++) {
            SamplerState sampler =
                    new SamplerState(
                            sampling.withSeed(sampling.seed() + sample),
                            setup.sampledTokens(),
                            banned,
                            (long) prompt.length + request.minTokens());
            TokenLog log = new TokenLog(limit.tokens(), sampler.reported());
            PromptScores scores = scores();
            sequences.add(
                    new Sequence(
                            prompt,
                            uses.get(sample),
                            limit,
                            new SequenceSamples(prompt, sampler, speculation(), scores),
                            controls(),
                            shared,
                            log));
            generations.add(new Generation(prompt, log, text(), scores));
        }
        return sequences;
    }

    private @Nullable PromptScores scores() {
        Integer reported = request.promptLogprobs();
        return reported == null
                ? null
                : new PromptScores(
                        prompt,
                        request.promptLogprobsFrom(),
                        reported,
                        setup.limits().logitRowsMax(),
                        setup.sampledTokens());
    }

    private @Nullable TextStream text() {
        return tokenizer == null
                ? null
                : new TextStream(tokenizer.table(), stops, stopsEndThoughts() ? null : tracker());
    }

    private boolean stopsEndThoughts() {
        return request.stopInThought() || request.stops().isEmpty();
    }

    /** Creates a tracker of the thought; the device thread and the reader have one each. */
    private @Nullable ThoughtTracker tracker() {
        return thought == null || tokenizer == null
                ? null
                : new ThoughtTracker(thought, tokenizer.table(), prompt);
    }

    /** Returns the generations that callers read, one per sequence. */
    List<Generation> generations() {
        return List.copyOf(generations);
    }

    private Speculation speculation() {
        return sampling.penalises() && !penalisedDrafts
                ? Speculation.OFF
                : Objects.requireNonNullElse(request.speculation(), setup.speculation());
    }

    private OutputControls controls() {
        TokenTable table = tokenizer == null ? null : tokenizer.table();
        ThoughtTracker tracker = tracker();
        LoopDetector loops =
                request.loopRule() == null ? null : new LoopDetector(request.loopRule(), table);
        StopCondition stop = new StopCondition(stops, table, stopsEndThoughts() ? null : tracker);
        return new OutputControls(stop, tracker, constraint(tracker), loops, request.timeouts());
    }

    private @Nullable AnswerConstraint constraint(@Nullable ThoughtTracker tracker) {
        if (answer == null || thought == null) {
            return null;
        }
        byte[] end = thought.markers().getFirst().end().getBytes(StandardCharsets.UTF_8);
        return new AnswerConstraint(answer, tracker, end[end.length - 1]);
    }
}
