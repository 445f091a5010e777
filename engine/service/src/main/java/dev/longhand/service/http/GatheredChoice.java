package dev.longhand.service.http;

import dev.longhand.service.http.Choice.End;
import dev.longhand.service.http.Choice.Piece;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/** The pieces of one choice, put together. */
final class GatheredChoice {
    private final Choice choice;
    private final StringBuilder text = new StringBuilder();
    private final List<ToolCallReader.Call> calls = new ArrayList<>();
    private final List<Integer> ids = new ArrayList<>();
    private final List<ScoredToken> tokens = new ArrayList<>();
    private @Nullable End end;

    GatheredChoice(Choice choice) {
        this.choice = choice;
    }

    void add(Piece piece) {
        text.append(piece.text());
        calls.addAll(piece.calls());
        ids.addAll(piece.ids());
        tokens.addAll(piece.tokens());
        end = piece.end();
    }

    Choice choice() {
        return choice;
    }

    /** All of it as one piece. */
    Piece whole() {
        return new Piece(text.toString(), calls, ids, tokens, end);
    }
}
