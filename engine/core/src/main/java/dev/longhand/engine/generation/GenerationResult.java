package dev.longhand.engine.generation;

import java.util.List;

/**
 * Whole output of a generation that ended regularly.
 *
 * @param ids token ids of the output
 * @param text text of the output; empty without tokenizer files
 * @param logprobs the most likely tokens at each step, one list per token; the lists are empty
 *     unless {@link SamplingOptions#logprobs} asks for them
 * @param reason why the generation ended
 * @param usage token counts and times
 * @param answerStart index in {@code text} at which the answer starts: 0 without a thought, the
 *     length of the text if the thought did not end
 */
public record GenerationResult(
        List<Integer> ids,
        String text,
        List<List<TokenLogprob>> logprobs,
        FinishReason reason,
        Usage usage,
        int answerStart) {
    public GenerationResult {
        ids = List.copyOf(ids);
        logprobs = List.copyOf(logprobs);
    }
}
