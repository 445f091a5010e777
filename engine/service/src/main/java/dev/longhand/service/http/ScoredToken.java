package dev.longhand.service.http;

import java.util.List;

/**
 * A token with its log-probability.
 *
 * @param text its text; U+FFFD where it is only part of a character
 * @param bytes its UTF-8 bytes
 * @param offset in characters, from the beginning of the answer
 * @param top the likeliest tokens in its place
 */
@SuppressWarnings("ArrayRecordComponent") // read once, for one JSON
record ScoredToken(
        int id, String text, byte[] bytes, float logprob, int offset, List<ScoredToken> top) {}
