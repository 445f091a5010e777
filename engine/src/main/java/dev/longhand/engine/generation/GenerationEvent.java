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
     * @param top the most likely tokens at this step, if asked for
     */
    record TokenEmitted(int id, String text, List<TokenLogprob> top) implements GenerationEvent {}

    /**
     * The regular end.
     *
     * @param text text that was held back until now
     */
    record Finished(FinishReason reason, String text, Usage usage) implements GenerationEvent {}

    /** The end by an error of the engine; the other generations go on. */
    record Failed(RuntimeException cause) implements GenerationEvent {}
}
