package dev.longhand.engine.generation;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/**
 * Collector of a generation's events, for readers that also do something with each event. Not
 * thread-safe.
 */
public final class GenerationCollector {
    private final List<Integer> ids = new ArrayList<>();
    private final StringBuilder text = new StringBuilder();
    private final List<List<TokenLogprob>> logprobs = new ArrayList<>();
    private GenerationEvent.@Nullable Finished end;

    /** Creates an empty collector. */
    public GenerationCollector() {}

    /**
     * Adds the next event.
     *
     * @throws RuntimeException the cause, if the event is {@link GenerationEvent.Failed}
     */
    public void add(GenerationEvent event) {
        switch (event) {
            case GenerationEvent.TokenEmitted token -> {
                ids.add(token.id());
                text.append(token.text());
                logprobs.add(token.top());
            }
            case GenerationEvent.Finished finished -> {
                text.append(finished.rest());
                end = finished;
            }
            case GenerationEvent.Failed failed -> throw failed.cause();
        }
    }

    /** Returns the number of tokens so far. */
    public int tokens() {
        return ids.size();
    }

    /** Returns the text so far. */
    public String text() {
        return text.toString();
    }

    /**
     * Returns the result.
     *
     * @throws IllegalStateException if {@link GenerationEvent.Finished} was not added yet
     */
    public GenerationResult result() {
        if (end == null) {
            throw new IllegalStateException("the generation has not ended");
        }
        return new GenerationResult(
                ids, text.toString(), logprobs, end.reason(), end.usage(), end.answerStart());
    }
}
