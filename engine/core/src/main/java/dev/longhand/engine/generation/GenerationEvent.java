package dev.longhand.engine.generation;

import java.util.List;

/** What a generation tells its caller, in order: tokens, then exactly one end. */
public sealed interface GenerationEvent {
    /**
     * One token.
     *
     * @param id token id
     * @param text the text that became certain with it: empty while a UTF-8 character is incomplete
     *     or a stop string may be under way, and for special tokens
     * @param top the most likely tokens at this step, if asked for, as the model has them: the
     *     token itself need not be among them if it was drawn from far down, or written to close a
     *     thought
     * @param phase whether it belongs to the thought; text that was held back comes with a later
     *     token, see {@link Finished#answerStart} for the character at which the answer begins
     */
    record TokenEmitted(int id, String text, List<TokenLogprob> top, TextSegment phase)
            implements GenerationEvent {}

    /**
     * The regular end.
     *
     * @param text text that was held back until now
     * @param answerStart the character of the whole text at which the answer begins: 0 without a
     *     thought or without tokenizer files, the length of the text if the thought did not end
     */
    record Finished(FinishReason reason, String text, Usage usage, int answerStart)
            implements GenerationEvent {}

    /** The end by an error of the engine; the other generations go on. */
    record Failed(RuntimeException cause) implements GenerationEvent {}
}
