package dev.longhand.service.http;

import dev.longhand.service.http.ChoiceStream.End;
import dev.longhand.service.http.ChoiceStream.Piece;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/** Collects the pieces of one choice. */
final class CollectedChoice {
    private final ChoiceStream choice;
    private final StringBuilder text = new StringBuilder();
    private final StringBuilder thought = new StringBuilder();
    private final List<ToolCallReader.Call> calls = new ArrayList<>();
    private final List<Integer> ids = new ArrayList<>();
    private final List<ScoredToken> tokens = new ArrayList<>();
    private @Nullable End end;

    CollectedChoice(ChoiceStream choice) {
        this.choice = choice;
    }

    void add(Piece piece) {
        text.append(piece.text());
        thought.append(piece.thought());
        calls.addAll(piece.calls());
        ids.addAll(piece.ids());
        tokens.addAll(piece.tokens());
        end = piece.end();
    }

    ChoiceStream choice() {
        return choice;
    }

    /** Returns the collected pieces as one. */
    Piece whole() {
        return new Piece(text.toString(), thought.toString(), calls, ids, tokens, end);
    }
}
