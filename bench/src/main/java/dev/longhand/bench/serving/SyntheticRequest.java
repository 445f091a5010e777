package dev.longhand.bench.serving;

import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.SamplingOptions;

import java.util.List;
import java.util.stream.IntStream;

/** Requests with made-up prompts and a fixed number of output tokens. */
final class SyntheticRequest {
    /** Every vocabulary has at least this many tokens. */
    private static final int VOCABULARY_MIN = 600;

    private SyntheticRequest() {}

    /**
     * Creates a greedy request that generates exactly {@code tokens} tokens.
     *
     * @param number the number of the request; different numbers give different prompts
     * @param prompt the number of tokens of the prompt
     */
    static GenerationRequest of(int number, int prompt, int tokens) {
        List<Integer> ids =
                IntStream.range(0, prompt)
                        .mapToObj(i -> (int) ((number * 7919L + i * 104_729L) % VOCABULARY_MIN))
                        .toList();
        return GenerationRequest.ids(ids)
                .withMaxTokens(tokens)
                .withSampling(SamplingOptions.greedy())
                .ignoringEos();
    }
}
