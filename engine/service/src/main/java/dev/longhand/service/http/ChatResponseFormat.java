package dev.longhand.service.http;

import dev.longhand.service.http.ChatCompletion.Function;
import dev.longhand.service.http.ChatCompletion.Logprobs;
import dev.longhand.service.http.ChatCompletion.Message;
import dev.longhand.service.http.ChatCompletion.ToolCallBody;
import dev.longhand.service.http.ChoiceStream.Piece;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Builds the response bodies of chat completions. */
final class ChatResponseFormat implements ResponseFormat {
    private static final String ROLE = "assistant";

    private final String id;
    private final long created;
    private final String model;
    private final CompletionRequest request;
    private final Map<Integer, Integer> callCounts = new HashMap<>(); // by choice index

    ChatResponseFormat(String id, long created, String model, CompletionRequest request) {
        this.id = "chatcmpl-" + id;
        this.created = created;
        this.model = model;
        this.request = request;
    }

    @Override
    public Object whole(List<CollectedChoice> choices, TokenUsage usage) {
        List<ChatCompletion.Choice> bodies = new ArrayList<>();
        for (CollectedChoice each : choices) {
            Piece piece = each.whole();
            List<ToolCallBody> calls =
                    piece.calls().stream().map(call -> body(null, call)).toList();
            boolean silent = piece.text().isEmpty() && !calls.isEmpty();
            Message message =
                    Message.of(ROLE, silent ? null : piece.text(), piece.thought(), calls);
            bodies.add(choice(each.choice().index(), message, null, piece));
        }
        return new ChatCompletion(
                id,
                ChatCompletion.WHOLE,
                created,
                model,
                bodies,
                usage,
                request.tokenIds() ? choices.getFirst().choice().generation().promptIds() : null);
    }

    @Override
    public Object opening(ChoiceStream choice) {
        Message role = Message.of(ROLE, "", "", List.of());
        ChatCompletion.Choice body = choice(choice.index(), null, role, Piece.EMPTY);
        return chunk(
                List.of(body), null, request.tokenIds() ? choice.generation().promptIds() : null);
    }

    @Override
    public Object chunk(ChoiceStream choice, Piece piece) {
        List<ToolCallBody> calls =
                piece.calls().stream().map(call -> body(next(choice.index()), call)).toList();
        Message delta =
                Message.of(
                        null, piece.text().isEmpty() ? null : piece.text(), piece.thought(), calls);
        return chunk(List.of(choice(choice.index(), null, delta, piece)), null, null);
    }

    private synchronized int next(int choice) {
        return callCounts.merge(choice, 1, Integer::sum) - 1;
    }

    @Override
    public Object usage(TokenUsage usage) {
        return chunk(List.of(), usage, null);
    }

    private ChatCompletion chunk(
            List<ChatCompletion.Choice> choices,
            @Nullable TokenUsage usage,
            @Nullable List<Integer> promptIds) {
        return new ChatCompletion(
                id, ChatCompletion.CHUNK, created, model, choices, usage, promptIds);
    }

    private ChatCompletion.Choice choice(
            int index, @Nullable Message message, @Nullable Message delta, Piece piece) {
        boolean none = piece.tokens().isEmpty() && message == null;
        return new ChatCompletion.Choice(
                index,
                message,
                delta,
                request.scored() && !none ? Logprobs.of(piece.tokens()) : null,
                piece.end() == null ? null : piece.end().finishReason(),
                piece.end() == null ? null : piece.end().stopReason(),
                request.tokenIds() ? piece.ids() : null);
    }

    private static ToolCallBody body(@Nullable Integer index, ToolCallReader.Call call) {
        String id = "call_" + UUID.randomUUID().toString().replace("-", "");
        return new ToolCallBody(index, id, "function", new Function(call.name(), call.arguments()));
    }
}
