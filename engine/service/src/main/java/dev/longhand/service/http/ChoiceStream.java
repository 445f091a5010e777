package dev.longhand.service.http;

import dev.longhand.engine.generation.FinishReason;
import dev.longhand.engine.generation.GenerationEvent;
import dev.longhand.engine.generation.TextSegment;
import dev.longhand.engine.generation.TokenLogprob;
import dev.longhand.engine.generation.Usage;
import dev.longhand.service.ServedGeneration;
import dev.longhand.service.http.CompletionRequest.PromptView;
import dev.longhand.service.http.PromptReport.PromptLogprob;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads one choice of a request piece by piece. One thread calls {@link #next}. */
final class ChoiceStream implements AutoCloseable {
    /** The log-probability that OpenAI reports for a token outside the 20 likeliest. */
    private static final float VERY_UNLIKELY = -9999;

    private final int index;
    private final ServedGeneration generation;
    private final TokenNames names;
    private final @Nullable ThoughtReader thoughts;
    private final @Nullable ToolCallReader tools;
    private final int logprobs;
    private final boolean controlText;
    private final Set<Integer> shownTokens; // control tokens with text
    private final PromptReport prompt;
    private final PromptView promptView;
    private boolean echoes; // the prompt comes with the next piece
    private int offset; // of the output, in code points
    private final TokenAligner aligner = new TokenAligner();
    private TextSegment phase = TextSegment.ANSWER; // of the last token
    private int length; // of the text so far, in characters
    private int codePoints;
    private @Nullable Usage usage;

    /**
     * A piece of a choice.
     *
     * @param text the text of the answer that became final
     * @param thought the text of the thought that became final
     * @param calls the completed function calls
     * @param ids the token id; none at the end
     * @param tokens the tokens that the text now covers, if log-probabilities are requested
     * @param end set in the last piece only
     */
    record Piece(
            String text,
            String thought,
            List<ToolCallReader.Call> calls,
            List<Integer> ids,
            List<ScoredToken> tokens,
            @Nullable End end) {
        static final Piece EMPTY = new Piece("", "", List.of(), List.of(), List.of(), null);
    }

    /** The finish reason of OpenAI's API, and the engine's own reason where OpenAI has none. */
    record End(String finishReason, @Nullable String stopReason) {}

    /**
     * Creates the stream of a choice.
     *
     * @param shownTokens control tokens that have text whatever the request says
     * @param thoughts separates thoughts from the answer; null keeps them in it
     * @param tools separates calls from the answer; null if there are none
     */
    ChoiceStream(
            int index,
            ServedGeneration generation,
            TokenNames names,
            CompletionRequest request,
            Set<Integer> shownTokens,
            @Nullable ThoughtReader thoughts,
            @Nullable ToolCallReader tools) {
        this.index = index;
        this.generation = generation;
        this.names = names;
        this.shownTokens = shownTokens;
        this.thoughts = thoughts;
        this.tools = tools;
        logprobs = request.logprobs();
        prompt = new PromptReport(generation, names);
        promptView = request.promptView();
        echoes = promptView.echo();
        controlText = request.prompts().getFirst().controlText();
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
            case GenerationEvent.TokenEmitted token -> {
                phase = token.phase();
                if (logprobs >= 0) {
                    aligner.add(scored(token));
                }
                yield piece(token.text(), List.of(token.id()), null);
            }
            case GenerationEvent.Finished(var reason, var text, var took, var answerStart) -> {
                usage = took;
                if (reason == FinishReason.CANCELLED) {
                    throw HttpFailure.closed("the generation was cancelled");
                }
                yield piece(text, List.of(), reason);
            }
            case GenerationEvent.Failed(RuntimeException cause) -> throw cause;
        };
    }

    private Piece piece(String text, List<Integer> ids, @Nullable FinishReason reason) {
        if (!echoes) {
            return output(text, ids, reason);
        }
        echoes = false;
        String echo = prompt.text();
        offset = echo.codePointCount(0, echo.length());
        Piece first = output(text, ids, reason);
        List<ScoredToken> tokens = new ArrayList<>();
        if (logprobs >= 0) {
            tokens.addAll(prompt.tokens(logprobs));
            tokens.addAll(first.tokens());
        }
        return new Piece(
                echo + first.text(), first.thought(), first.calls(), ids, tokens, first.end());
    }

    /** The log-probabilities of the prompt in the form of vLLM; null unless requested. */
    @Nullable List<@Nullable Map<String, PromptLogprob>> promptLogprobs() {
        return promptView.logprobs() < 0 ? null : prompt.logprobs(promptView.logprobs());
    }

    private Piece output(String text, List<Integer> ids, @Nullable FinishReason reason) {
        length += text.length();
        codePoints += text.codePointCount(0, text.length());
        String answer = text;
        String thought = "";
        if (thoughts != null) {
            thoughts.append(text, phase);
            if (reason != null) {
                thoughts.finish();
            }
            answer = thoughts.takeText();
            thought = thoughts.takeThought();
        }
        List<ToolCallReader.Call> calls = List.of();
        if (tools != null) {
            tools.append(answer);
            if (reason != null) {
                tools.finish();
            }
            answer = tools.takeText();
            calls = tools.takeCalls();
        }
        List<ScoredToken> tokens =
                reason == null ? aligner.take(length) : aligner.finish(length, codePoints);
        List<ScoredToken> placed =
                tokens.stream().map(token -> token.at(offset + token.offset())).toList();
        return new Piece(answer, thought, calls, ids, placed, reason == null ? null : end(reason));
    }

    private End end(FinishReason reason) {
        return switch (reason) {
            case STOP -> new End(tools != null && tools.called() ? "tool_calls" : "stop", null);
            case LENGTH -> new End("length", null);
            default -> new End("length", reason.jsonName());
        };
    }

    private ScoredToken scored(GenerationEvent.TokenEmitted token) {
        List<ScoredToken> top = new ArrayList<>();
        float logprob = VERY_UNLIKELY;
        for (TokenLogprob each : token.top()) {
            if (top.size() < logprobs) {
                top.add(names.scored(each.id(), each.logprob()));
            }
            if (each.id() == token.id()) {
                logprob = each.logprob();
            }
        }
        int id = token.id();
        byte[] bytes = names.textBytes(id, controlText || shownTokens.contains(id));
        return new ScoredToken(id, names.text(id), bytes, logprob, 0, top);
    }

    @Override
    public void close() {
        generation.close();
    }
}
