package dev.longhand.service.http;

import java.util.List;

/**
 * A token and its log-probability.
 *
 * @param text the text, with U+FFFD for an incomplete character
 * @param bytes the UTF-8 bytes
 * @param offset the position in the answer, in characters
 * @param top the likeliest tokens at its position
 */
@SuppressWarnings("ArrayRecordComponent") // read once, for one JSON
record ScoredToken(
        int id, String text, byte[] bytes, float logprob, int offset, List<ScoredToken> top) {}
