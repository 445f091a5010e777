package dev.longhand.service;

import dev.longhand.engine.Generation;
import dev.longhand.engine.generation.FinishReason;
import dev.longhand.engine.generation.GenerationEvent;
import dev.longhand.engine.generation.TokenLogprob;
import dev.longhand.engine.generation.Usage;
import dev.longhand.service.ServiceEvents.FirstToken;
import dev.longhand.service.ServiceEvents.RequestAdmitted;
import dev.longhand.service.ServiceEvents.RequestFinished;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Objects;

/**
 * A client's generation. The service counts it as running until {@link #close}.
 *
 * <p>One thread calls {@link #next} and {@link #close}. Any thread may call {@link #cancel} and the
 * accessors.
 */
public final class ServedGeneration implements AutoCloseable {
    private final Service service;
    private final Generation generation;
    private final String model;
    private final long id;
    private final long beganNanos;
    private final int promptTokens;
    private long lastNanos;
    private volatile int outputTokens;
    private volatile @Nullable String finish;

    ServedGeneration(
            Service service, Generation generation, String model, long id, long beganNanos) {
        this.service = service;
        this.generation = generation;
        this.model = model;
        this.id = id;
        this.beganNanos = beganNanos;
        promptTokens = generation.promptIds().size();
        RequestAdmitted event = new RequestAdmitted();
        if (event.shouldCommit()) {
            event.id = id;
            event.model = model;
            event.promptTokens = promptTokens;
            event.commit();
        }
    }

    /** The model that answers, by name. */
    public String model() {
        return model;
    }

    /** The number of prompt tokens. */
    public int promptTokens() {
        return promptTokens;
    }

    /** The number of tokens that {@link #next} has returned. */
    public int outputTokens() {
        return outputTokens;
    }

    /** The finish reason as JSON spells it, "error" after a failure, empty while running. */
    public String finish() {
        return Objects.requireNonNullElse(finish, "");
    }

    /** The token ids of the prompt, after templating and encoding. */
    public List<Integer> promptIds() {
        return generation.promptIds();
    }

    /** The log-probabilities of the prompt, as {@link Generation#promptLogprobs} returns them. */
    public List<List<TokenLogprob>> promptLogprobs() {
        return generation.promptLogprobs();
    }

    /** Requests cancellation; the final event follows within one step. */
    public void cancel() {
        generation.cancel();
    }

    /**
     * Waits for the next event and notifies the observers of the service.
     *
     * @return the event, or null after the last was returned
     */
    public @Nullable GenerationEvent next() throws InterruptedException {
        GenerationEvent event = generation.next();
        switch (event) {
            case null -> {}
            case GenerationEvent.TokenEmitted token -> token();
            case GenerationEvent.Finished end -> ended(end.reason().jsonName(), end.usage());
            case GenerationEvent.Failed failed -> ended("error", null);
        }
        return event;
    }

    private void token() {
        long now = System.nanoTime();
        int count = outputTokens + 1;
        outputTokens = count; // only the reading thread writes it
        if (count == 1) {
            FirstToken event = new FirstToken();
            if (event.shouldCommit()) {
                event.id = id;
                event.sinceRequest = now - beganNanos;
                event.commit();
            }
            service.observers().forEach(each -> each.firstToken(model, now - beganNanos));
        } else {
            long since = now - lastNanos;
            service.observers().forEach(each -> each.nextToken(model, since));
        }
        lastNanos = now;
    }

    private void ended(String reason, @Nullable Usage usage) {
        finish = reason;
        long nanos = System.nanoTime() - beganNanos;
        RequestFinished event = new RequestFinished();
        if (event.shouldCommit()) {
            event.id = id;
            event.model = model;
            event.finish = reason;
            event.promptTokens = promptTokens;
            event.outputTokens = outputTokens;
            event.sinceRequest = nanos;
            event.commit();
        }
        GenerationSummary summary =
                new GenerationSummary(model, promptTokens, outputTokens, reason, nanos, usage);
        service.observers().forEach(each -> each.ended(summary));
    }

    /** Cancels the generation if it is still running and removes it from the service. */
    @Override
    public void close() {
        if (finish == null) {
            generation.cancel();
            ended(FinishReason.CANCELLED.jsonName(), null);
        }
        service.ended(this);
    }
}
