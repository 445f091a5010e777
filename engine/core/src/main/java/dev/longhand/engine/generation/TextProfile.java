package dev.longhand.engine.generation;

import dev.longhand.engine.thought.KeywordCounts;

/**
 * What the text of a generation consists of.
 *
 * @param answerStart the character at which the answer begins: 0 if there was no thought, the
 *     length of the text if the thought did not end
 * @param keywords of the whole text, thought and answer
 */
public record TextProfile(int answerStart, KeywordCounts keywords) {
    /** Of an empty text. */
    public static final TextProfile EMPTY = new TextProfile(0, KeywordCounts.NONE);
}
