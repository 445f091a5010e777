package dev.longhand.engine;

import dev.longhand.engine.decode.PromptScores;
import dev.longhand.engine.decode.TextStream;
import dev.longhand.engine.decode.TokenLog;
import dev.longhand.engine.error.EngineFailureException;
import dev.longhand.engine.generation.FinishReason;
import dev.longhand.engine.generation.GenerationCollector;
import dev.longhand.engine.generation.GenerationEvent;
import dev.longhand.engine.generation.GenerationResult;
import dev.longhand.engine.generation.TokenLogprob;
import dev.longhand.engine.generation.Usage;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * A running generation. One thread reads it, event by event with {@link #next} or to the end with
 * {@link #await}. Any thread may call {@link #cancel} and {@link #close}. A slow reader delays
 * neither this generation nor others. A reader that is interrupted cancels it.
 */
public final class Generation implements AutoCloseable {
    private final int[] prompt;
    private final TokenLog log;
    private final @Nullable TextStream text;
    private final @Nullable PromptScores scores;
    private int read;
    private boolean ended;
    private @Nullable GenerationResult result;

    Generation(
            int[] prompt, TokenLog log, @Nullable TextStream text, @Nullable PromptScores scores) {
        this.prompt = prompt;
        this.log = log;
        this.text = text;
        this.scores = scores;
    }

    /** The token ids of the prompt, after templating and encoding. */
    public List<Integer> promptIds() {
        return Arrays.stream(prompt).boxed().toList();
    }

    /**
     * Returns the log-probabilities of the prompt, one list per token: the most likely tokens at
     * its position, then the token itself if it is not one of them. The first list is empty, since
     * nothing precedes the first token.
     *
     * @throws IllegalStateException if the request does not ask for them, or {@link #next} has
     *     returned no token and no regular end yet
     */
    public List<List<TokenLogprob>> promptLogprobs() {
        if (scores == null || !scores.complete()) {
            throw new IllegalStateException("the prompt has no log-probabilities, or not yet");
        }
        List<List<TokenLogprob>> all = new ArrayList<>(prompt.length);
        for (int position = 0; position < scores.first(); position++) {
            all.add(List.of());
        }
        for (int position = scores.first(); position < prompt.length; position++) {
            TokenLogprob own = new TokenLogprob(prompt[position], scores.logprob(position));
            all.add(withOwn(scores.top(position), own));
        }
        return all;
    }

    private static List<TokenLogprob> withOwn(List<TokenLogprob> top, TokenLogprob own) {
        List<TokenLogprob> all = new ArrayList<>(top);
        if (top.stream().noneMatch(token -> token.id() == own.id())) {
            all.add(own);
        }
        return all;
    }

    /** Whether events carry text: true if the model has tokenizer files. */
    public boolean hasText() {
        return text != null;
    }

    /**
     * Requests cancellation. The generation ends within one step with {@link
     * FinishReason#CANCELLED}, unless it ended before.
     */
    public void cancel() {
        log.cancel();
    }

    /** Cancels the generation if it still runs. Events can still be read. */
    @Override
    public void close() {
        cancel();
    }

    /**
     * Waits for the next event. An {@link Error} of this thread, such as a full heap, ends the
     * generation with {@link GenerationEvent.Failed}.
     *
     * @return the event, or null after the last one
     * @throws InterruptedException if this thread is interrupted, which cancels the generation
     */
    public @Nullable GenerationEvent next() throws InterruptedException {
        if (ended) {
            return null;
        }
        try {
            return log.await(read) ? token(read++) : end();
        } catch (InterruptedException e) {
            cancel();
            throw e;
        } catch (Error e) {
            cancel();
            ended = true;
            return new GenerationEvent.Failed(EngineFailureException.of(e));
        }
    }

    private GenerationEvent token(int index) {
        int token = log.token(index);
        String piece = text == null ? "" : text.append(token, log.thoughtBytes(index));
        return new GenerationEvent.TokenEmitted(token, piece, top(index), log.phase(index));
    }

    private GenerationEvent end() {
        ended = true;
        log.release();
        RuntimeException failure = log.failure();
        if (failure != null) {
            return new GenerationEvent.Failed(failure);
        }
        FinishReason reason = Objects.requireNonNull(log.reason());
        Usage usage = Objects.requireNonNull(log.usage());
        if (text == null) {
            return new GenerationEvent.Finished(reason, "", usage, 0);
        }
        String rest = text.finish();
        int answerStart = log.thoughtOpen() ? text.length() : text.answerStart();
        return new GenerationEvent.Finished(reason, rest, usage, answerStart);
    }

    /**
     * Waits for the end and collects all events that were not read before. Later calls return the
     * same result.
     *
     * @return the whole output, if {@link #next} was not called before
     * @throws RuntimeException the cause, if the generation failed
     * @throws IllegalStateException if {@link #next} returned the end before
     */
    public GenerationResult await() throws InterruptedException {
        if (result != null) {
            return result;
        }
        GenerationCollector collector = new GenerationCollector();
        for (GenerationEvent event = next(); event != null; event = next()) {
            collector.add(event);
        }
        result = collector.result();
        return result;
    }

    private List<TokenLogprob> top(int index) {
        if (log.reported() == 0) {
            return List.of();
        }
        List<TokenLogprob> top = new ArrayList<>(log.reported() + 1);
        for (int rank = 0; rank < log.reported(); rank++) {
            top.add(new TokenLogprob(log.topToken(index, rank), log.topLogprob(index, rank)));
        }
        return withOwn(top, new TokenLogprob(log.token(index), log.logprob(index)));
    }
}
