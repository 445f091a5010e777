package dev.longhand.service.http;

import org.jspecify.annotations.Nullable;

import java.util.List;

/**
 * A token and its log-probability.
 *
 * @param text the text, with U+FFFD for an incomplete character
 * @param bytes the UTF-8 bytes that the token adds to the text
 * @param logprob null for the first token of a prompt
 * @param offset the position in the answer of the character that it begins or continues, in Unicode
 *     code points
 * @param top the likeliest tokens at its position
 */
@SuppressWarnings("ArrayRecordComponent") // read once, for one JSON
record ScoredToken(
        int id,
        String text,
        byte[] bytes,
        @Nullable Float logprob,
        int offset,
        List<ScoredToken> top) {
    /** Returns a copy at another position. */
    ScoredToken at(int position) {
        return new ScoredToken(id, text, bytes, logprob, position, top);
    }

    /** Returns a copy that adds other bytes. */
    ScoredToken with(byte[] added) {
        return new ScoredToken(id, text, added, logprob, offset, top);
    }
}
