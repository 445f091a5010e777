package dev.longhand.app.cli;

import dev.longhand.engine.Generation;
import dev.longhand.engine.generation.GenerationCollector;
import dev.longhand.engine.generation.GenerationEvent;
import dev.longhand.engine.generation.GenerationResult;
import dev.longhand.engine.generation.TextSegment;
import dev.longhand.engine.generation.TokenLogprob;
import dev.longhand.engine.generation.Usage;
import dev.longhand.study.keywords.KeywordCounts;
import dev.longhand.study.keywords.KeywordInstrument;
import dev.longhand.study.keywords.ReflectionKeywords;

import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import java.util.List;
import java.util.Locale;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** Collects the events of a generation into its answer, and formats the answer for printing. */
public final class CollectedAnswer {
    private static final JsonMapper JSON = new JsonMapper();

    private final Generation generation;
    private final GenerationCollector collector = new GenerationCollector();
    private final KeywordInstrument keywords = new KeywordInstrument();

    /** Creates an empty answer, which {@link #drain} fills. */
    public CollectedAnswer(Generation generation) {
        this.generation = generation;
    }

    /** Stops the generation; any thread may call this. */
    void cancel() {
        generation.cancel();
    }

    /**
     * Reads all events and passes each piece of text to the printer, or the ids if the model has no
     * tokenizer.
     *
     * @throws RuntimeException the cause if the generation failed
     */
    public void drain(Consumer<String> printer) throws InterruptedException {
        drainByPhase((piece, phase) -> printer.accept(piece));
    }

    /**
     * Reads all events and passes each piece of text to the printer, with the part of the output
     * that it belongs to.
     *
     * @throws RuntimeException the cause if the generation failed
     */
    void drainByPhase(BiConsumer<String, TextSegment> printer) throws InterruptedException {
        TextSegment phase = TextSegment.ANSWER;
        for (GenerationEvent event = generation.next(); event != null; event = generation.next()) {
            keywords.observe(event);
            collector.add(event);
            String piece =
                    switch (event) {
                        case GenerationEvent.TokenEmitted token -> {
                            phase = token.phase();
                            yield generation.hasText() ? token.text() : token.id() + " ";
                        }
                        case GenerationEvent.Finished end -> end.rest();
                        case GenerationEvent.Failed failed -> "";
                    };
            if (!piece.isEmpty()) {
                printer.accept(piece, phase);
            }
        }
    }

    /**
     * Returns the whole output.
     *
     * @throws IllegalStateException before {@link #drain}
     */
    public GenerationResult result() {
        return collector.result();
    }

    /** Returns the object that {@code --format json} prints. */
    String json() {
        ObjectNode json = JSON.createObjectNode();
        ArrayNode promptIds = json.putArray("prompt_ids");
        generation.promptIds().forEach(promptIds::add);
        ArrayNode outputIds = json.putArray("ids");
        GenerationResult result = result();
        result.ids().forEach(outputIds::add);
        json.put("text", result.text());
        json.put("finish", result.reason().jsonName());
        ArrayNode steps = json.putArray("logprobs");
        for (List<TokenLogprob> top : result.logprobs()) {
            if (!top.isEmpty()) {
                ArrayNode step = steps.addArray();
                top.forEach(entry -> step.addArray().add(entry.id()).add(entry.logprob()));
            }
        }
        Usage took = result.usage();
        json.put("thought_tokens", took.thoughtTokens());
        json.put("answer_tokens", took.answerTokens());
        json.put("answer_start", result.answerStart());
        KeywordCounts counts = keywords.counts();
        ObjectNode counted = json.putObject("keywords");
        counted.put("list", ReflectionKeywords.LIST_HASH);
        counted.put("total", counts.total());
        counts.byPhrase().forEach(counted.putObject("by_phrase")::put);
        ObjectNode timing = json.putObject("timing");
        timing.put("drafted_tokens", took.draftedTokens());
        timing.put("accepted_tokens", took.acceptedTokens());
        timing.put("queued_ms", took.queuedNanos() / 1e6);
        timing.put("prefill_ms", took.prefillNanos() / 1e6);
        timing.put("decode_ms", took.decodeNanos() / 1e6);
        timing.put("prefill_tokens_per_s", took.prefillTokensPerSecond());
        timing.put("decode_tokens_per_s", took.decodeTokensPerSecond());
        return JSON.writeValueAsString(json);
    }

    /** Returns one line with the token counts, the speeds and the finish reason. */
    String summary() {
        Usage took = result().usage();
        return String.format(
                Locale.ROOT,
                "%d prompt tokens (%.1f tokens/s), %d tokens%s (%.1f tokens/s), finish: %s",
                took.promptTokens(),
                took.prefillTokensPerSecond(),
                took.outputTokens(),
                took.thoughtTokens() > 0 ? ", " + took.thoughtTokens() + " of thought" : "",
                took.decodeTokensPerSecond(),
                result().reason().jsonName());
    }
}
