package dev.longhand.engine.generation;

import java.util.List;

/**
 * Event of a generation: one {@link TokenEmitted} per token, then exactly one {@link Finished} or
 * {@link Failed}.
 */
public sealed interface GenerationEvent {
    /**
     * A generated token.
     *
     * @param id token id
     * @param text text that this token completes. It is empty for special tokens, while a UTF-8
     *     character is incomplete and while the text may be the start of a stop string
     * @param top most likely tokens at this step, if the request asks for them. The token itself
     *     follows them if it is not one of them: sampling can choose an unlikely token, and the
     *     engine can force one to close a thought
     * @param phase part of the output that the token belongs to. Text that was held back comes with
     *     a later token; {@link Finished#answerStart} tells where the answer starts
     */
    record TokenEmitted(int id, String text, List<TokenLogprob> top, TextSegment phase)
            implements GenerationEvent {}

    /**
     * The regular end.
     *
     * @param reason why the generation ended
     * @param rest rest of the text, which was held back; usually empty
     * @param usage token counts and times
     * @param answerStart index in the whole text at which the answer starts: 0 without a thought or
     *     without tokenizer files, the length of the text if the thought did not end
     */
    record Finished(FinishReason reason, String rest, Usage usage, int answerStart)
            implements GenerationEvent {}

    /**
     * The end by an error of the engine. Other generations continue.
     *
     * @param cause the error
     */
    record Failed(RuntimeException cause) implements GenerationEvent {}
}
