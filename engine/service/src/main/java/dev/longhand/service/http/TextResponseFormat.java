package dev.longhand.service.http;

import dev.longhand.service.http.ChoiceStream.Piece;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Builds the response bodies of completions. */
final class TextResponseFormat implements ResponseFormat {
    private final String id;
    private final long created;
    private final String model;
    private final CompletionRequest request;
    private final Set<Integer> opened = ConcurrentHashMap.newKeySet();

    TextResponseFormat(String id, long created, String model, CompletionRequest request) {
        this.id = "cmpl-" + id;
        this.created = created;
        this.model = model;
        this.request = request;
    }

    @Override
    public Object whole(List<CollectedChoice> choices, TokenUsage usage) {
        return answer(
                choices.stream().map(each -> choice(each.choice(), each.whole())).toList(), usage);
    }

    @Override
    public @Nullable Object opening(ChoiceStream choice) {
        return null;
    }

    @Override
    public Object chunk(ChoiceStream choice, Piece piece) {
        return answer(List.of(choice(choice, piece)), null);
    }

    @Override
    public Object usage(TokenUsage usage) {
        return answer(List.of(), usage);
    }

    private TextCompletion answer(List<TextCompletion.Choice> choices, @Nullable TokenUsage usage) {
        return new TextCompletion(id, TextCompletion.OBJECT, created, model, choices, usage);
    }

    private TextCompletion.Choice choice(ChoiceStream choice, Piece piece) {
        boolean first = opened.add(choice.index());
        return new TextCompletion.Choice(
                choice.index(),
                piece.text(),
                request.scored() ? TextCompletion.Logprobs.of(piece.tokens()) : null,
                piece.end() == null ? null : piece.end().finishReason(),
                piece.end() == null ? null : piece.end().stopReason(),
                request.tokenIds() && first ? choice.generation().promptIds() : null,
                request.tokenIds() ? piece.ids() : null,
                first ? choice.promptLogprobs() : null);
    }
}
