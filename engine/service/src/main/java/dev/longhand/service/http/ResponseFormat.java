package dev.longhand.service.http;

import dev.longhand.service.http.ChoiceStream.Piece;

import org.jspecify.annotations.Nullable;

import java.util.List;

/**
 * Builds the response bodies of one endpoint. Several threads may call {@link #chunk}, each for its
 * own choice.
 */
interface ResponseFormat {
    /** Builds the body of a response that is not streamed. */
    Object whole(List<CollectedChoice> choices, TokenUsage usage);

    /** Builds the first chunk of a choice in a stream; null if the endpoint has none. */
    @Nullable Object opening(ChoiceStream choice);

    /** Builds a chunk of a choice. */
    Object chunk(ChoiceStream choice, Piece piece);

    /** Builds the last chunk, which reports the token usage. */
    Object usage(TokenUsage usage);
}
