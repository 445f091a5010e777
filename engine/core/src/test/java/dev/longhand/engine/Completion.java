package dev.longhand.engine;

import dev.longhand.engine.generation.FinishReason;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.GenerationResult;
import dev.longhand.engine.generation.TokenLogprob;
import dev.longhand.engine.generation.Usage;

import java.util.List;
import java.util.function.Consumer;

/** The parts of a generation's result that are the same in every run. */
public record Completion(
        List<Integer> ids, String text, List<List<TokenLogprob>> logprobs, FinishReason reason) {
    /** Submits a request and reads it to its end. */
    public static Completion of(Engine engine, GenerationRequest request) {
        return of(engine.submit(request));
    }

    /** Reads a generation to its end. */
    public static Completion of(Generation generation) {
        return of(generation, usage -> {});
    }

    /** Reads a generation to its end and passes on its usage. */
    public static Completion of(Generation generation, Consumer<Usage> took) {
        try {
            GenerationResult result = generation.await();
            took.accept(result.usage());
            return new Completion(result.ids(), result.text(), result.logprobs(), result.reason());
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
