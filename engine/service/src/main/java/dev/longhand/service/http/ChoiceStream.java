package dev.longhand.service.http;

import dev.longhand.engine.generation.FinishReason;
import dev.longhand.engine.generation.GenerationEvent;
import dev.longhand.engine.generation.TokenLogprob;
import dev.longhand.engine.generation.Usage;
import dev.longhand.service.ServedGeneration;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/** Reads one choice of a request piece by piece. One thread calls {@link #next}. */
final class ChoiceStream implements AutoCloseable {
    /** The log-probability that OpenAI reports for a token outside the 20 likeliest. */
    private static final float VERY_UNLIKELY = -9999;

    private final int index;
    private final ServedGeneration generation;
    private final TokenNames names;
    private final @Nullable ToolCallReader tools;
    private final int logprobs;
    private int offset;
    private @Nullable Usage usage;

    /**
     * A piece of a choice.
     *
     * @param text the text that became final
     * @param calls the completed function calls
     * @param ids the token id; none at the end
     * @param tokens the token with its log-probability, if requested; none at the end
     * @param end set in the last piece only
     */
    record Piece(
            String text,
            List<ToolCallReader.Call> calls,
            List<Integer> ids,
            List<ScoredToken> tokens,
            @Nullable End end) {}

    /** The finish reason of OpenAI's API, and the engine's own reason where OpenAI has none. */
    record End(String finishReason, @Nullable String stopReason) {}

    ChoiceStream(
            int index, ServedGeneration generation, TokenNames names, CompletionRequest request) {
        this.index = index;
        this.generation = generation;
        this.names = names;
        tools = request.callsTools() ? new ToolCallReader() : null;
        logprobs = request.logprobs();
    }

    int index() {
        return index;
    }

    ServedGeneration generation() {
        return generation;
    }

    /** The token usage; null unless the generation has ended regularly. */
    @Nullable Usage usage() {
        return usage;
    }

    /**
     * Waits for the next piece.
     *
     * @return the piece, or null after the last
     * @throws HttpFailure if the server cancelled the generation
     */
    @Nullable Piece next() throws InterruptedException {
        return switch (generation.next()) {
            case null -> null;
            case GenerationEvent.TokenEmitted token ->
                    piece(token.text(), List.of(token.id()), scored(token), null);
            case GenerationEvent.Finished(var reason, var text, var took, var answerStart) -> {
                usage = took;
                if (reason == FinishReason.CANCELLED) {
                    throw HttpFailure.closed("the generation was cancelled");
                }
                yield piece(text, List.of(), List.of(), reason);
            }
            case GenerationEvent.Failed(RuntimeException cause) -> throw cause;
        };
    }

    private Piece piece(
            String text,
            List<Integer> ids,
            List<ScoredToken> tokens,
            @Nullable FinishReason reason) {
        if (tools == null) {
            return new Piece(text, List.of(), ids, tokens, reason == null ? null : end(reason));
        }
        tools.append(text);
        if (reason != null) {
            tools.finish();
        }
        return new Piece(
                tools.takeText(),
                tools.takeCalls(),
                ids,
                tokens,
                reason == null ? null : end(reason));
    }

    private End end(FinishReason reason) {
        return switch (reason) {
            case STOP -> new End(tools != null && tools.called() ? "tool_calls" : "stop", null);
            case LENGTH -> new End("length", null);
            default -> new End("length", reason.jsonName());
        };
    }

    private List<ScoredToken> scored(GenerationEvent.TokenEmitted token) {
        if (logprobs < 0) {
            return List.of();
        }
        List<ScoredToken> top = new ArrayList<>();
        float logprob = VERY_UNLIKELY;
        for (TokenLogprob each : token.top()) {
            if (top.size() < logprobs) {
                top.add(score(each.id(), each.logprob(), List.of()));
            }
            if (each.id() == token.id()) {
                logprob = each.logprob();
            }
        }
        ScoredToken whole = score(token.id(), logprob, top);
        offset += whole.text().length();
        return List.of(whole);
    }

    private ScoredToken score(int id, float logprob, List<ScoredToken> top) {
        return new ScoredToken(id, names.text(id), names.bytes(id), logprob, offset, top);
    }

    @Override
    public void close() {
        generation.close();
    }
}
