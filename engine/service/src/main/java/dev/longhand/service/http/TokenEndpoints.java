package dev.longhand.service.http;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.Settings;
import dev.longhand.engine.generation.Prompt;
import dev.longhand.service.Conversations;
import dev.longhand.service.RequestFields;
import dev.longhand.service.RequestRules;
import dev.longhand.service.Service;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/** Converts text to token ids and back, with vLLM's requests. */
final class TokenEndpoints {
    private static final String ADD_SPECIAL_TOKENS = CompletionRequest.ADD_SPECIAL_TOKENS;
    private static final int TOKENS_MAX = 1 << 22;

    /** Heap of an id in a response: the object, and its digits twice. */
    private static final int ID_BYTES = 48;

    /** Heap of a token's string in a response: the objects, and its text in JSON twice. */
    private static final int STRING_BYTES = 160;

    /**
     * Heap of a byte of text in a response: bytes with room to grow, characters, and JSON twice,
     * where some characters are escaped.
     */
    private static final int BYTES_PER_BYTE = 8;

    private final Service service;
    private final RequestRules rules;
    private final TokenNames names;

    /** The response of {@code /tokenize}. */
    record Tokens(
            int count, int maxModelLen, List<Integer> tokens, @Nullable List<String> tokenStrs) {}

    /** The response of {@code /detokenize}. */
    record Text(String prompt) {}

    TokenEndpoints(Service service, RequestRules rules) {
        this.service = service;
        this.rules = rules;
        names = new TokenNames(service.engine().tokenizer());
    }

    /** What {@code /tokenize} is asked for. */
    private record Question(Prompt prompt, String field, boolean strings) {}

    /** {@code POST /tokenize}: a prompt or a conversation. */
    void tokenize(Exchange exchange) throws IOException {
        Question asked = exchange.body(this::question);
        exchange.onGone(Thread.currentThread()::interrupt);
        int[] tokens = service.engine().tokens(asked.prompt);
        exchange.onGone(null);
        long heap = (ID_BYTES + (asked.strings ? STRING_BYTES : 0L)) * tokens.length;
        if (!exchange.reserve(heap)) {
            throw HttpFailure.invalid(
                    asked.field,
                    null,
                    "request: %s has %d tokens, and its answer more bytes than this server's heap holds"
                            .formatted(asked.field, tokens.length));
        }
        List<Integer> ids = Arrays.stream(tokens).boxed().toList();
        exchange.json(
                200,
                new Tokens(
                        ids.size(),
                        service.engine().contextTokensMax(),
                        ids,
                        asked.strings ? ids.stream().map(names::text).toList() : null));
    }

    private Question question(Settings body) {
        IgnorableDefaults.check(body, Conversations.OPTIONS, rules.dialect());
        RequestFields.refuseUnknown(
                body,
                List.of(
                        Set.of("model", "prompt", "messages", "tools", "return_token_strs"),
                        Set.of(ADD_SPECIAL_TOKENS),
                        Conversations.OPTIONS));
        service.adapter(body.string("model").orElse(null));
        String field = RequestFields.oneOf(body, "prompt", "messages");
        Prompt prompt =
                field.equals("prompt")
                        ? new Prompt.Text(
                                Objects.requireNonNull(RequestFields.text(body, "prompt")),
                                body.bool(ADD_SPECIAL_TOKENS, true))
                        : Conversations.read(body, rules.dialect());
        return new Question(prompt, field, body.bool("return_token_strs", false));
    }

    /** {@code POST /detokenize}. */
    void detokenize(Exchange exchange) throws IOException {
        exchange.json(200, exchange.body(body -> text(exchange, body)));
    }

    /** {@code GET /tokenizer_info}: what clients need that render conversations themselves. */
    void info(Exchange exchange) throws IOException {
        if (service.engine().tokenizer().isEmpty()) {
            throw new InputException("this model has no tokenizer");
        }
        exchange.json(200, service.engine().tokenizerSettings());
    }

    private Text text(Exchange exchange, Settings body) {
        RequestFields.refuseUnknown(body, List.of(Set.of("model", "tokens")));
        service.adapter(body.string("model").orElse(null));
        int vocabulary = service.engine().model().vocabSize();
        if (!body.has("tokens")) {
            throw body.refuse("tokens", "is missing");
        }
        if (service.engine().tokenizer().isEmpty()) {
            throw new InputException("this model has no tokenizer");
        }
        List<Integer> ids = body.integerList("tokens", TOKENS_MAX, 0, vocabulary - 1);
        long bytes = names.length(ids);
        if (!exchange.reserve(BYTES_PER_BYTE * bytes)) {
            throw body.refuse(
                    "tokens",
                    "make a text of %d bytes, more than this server's heap holds".formatted(bytes));
        }
        return new Text(names.text(ids));
    }
}
