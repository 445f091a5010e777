package dev.longhand.service.http;

import dev.longhand.service.http.Choice.Piece;

import org.jspecify.annotations.Nullable;

import java.util.List;

/** How the answers of one kind of completions are written. */
interface AnswerShape {
    /** The whole answer. */
    Object whole(List<GatheredChoice> choices, TokenUsage usage);

    /** The chunk that opens a choice in a stream, or null if there is none. */
    @Nullable Object opening(Choice choice);

    /** A chunk of a choice. */
    Object chunk(Choice choice, Piece piece);

    /** The chunk at the end that says what the request took. */
    Object usage(TokenUsage usage);
}
