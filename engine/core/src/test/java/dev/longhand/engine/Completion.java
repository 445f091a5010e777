package dev.longhand.engine;

import dev.longhand.engine.generation.FinishReason;
import dev.longhand.engine.generation.GenerationEvent;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.TokenLogprob;
import dev.longhand.engine.generation.Usage;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** A generation read to its regular end. */
public record Completion(
        List<Integer> ids, String text, List<List<TokenLogprob>> logprobs, FinishReason reason) {
    /** Submits a request and reads it. */
    public static Completion of(Engine engine, GenerationRequest request) {
        return of(engine.submit(request));
    }

    /** Reads a generation to its end. */
    public static Completion of(Generation generation) {
        return of(generation, usage -> {});
    }

    /** Reads a generation to its end and hands on what it took. */
    public static Completion of(Generation generation, Consumer<Usage> took) {
        List<Integer> ids = new ArrayList<>();
        StringBuilder text = new StringBuilder();
        List<List<TokenLogprob>> logprobs = new ArrayList<>();
        try {
            while (true) {
                switch (generation.next()) {
                    case GenerationEvent.TokenEmitted token -> {
                        ids.add(token.id());
                        text.append(token.text());
                        logprobs.add(token.top());
                    }
                    case GenerationEvent.Finished end -> {
                        text.append(end.text());
                        took.accept(end.usage());
                        return new Completion(ids, text.toString(), logprobs, end.reason());
                    }
                    case GenerationEvent.Failed failed -> throw failed.cause();
                    case null -> throw new AssertionError("a generation without an end");
                }
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
