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
    private static final int TOKENS_MAX = 1 << 22;

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

    /** {@code POST /tokenize}: a prompt or a conversation. */
    void tokenize(Exchange exchange) throws IOException {
        Settings body = exchange.body();
        IgnorableDefaults.check(body, Conversations.OPTIONS, rules.dialect());
        RequestFields.refuseUnknown(
                body,
                List.of(
                        Set.of("model", "prompt", "messages", "tools", "return_token_strs"),
                        Set.of("add_special_tokens"),
                        Conversations.OPTIONS));
        service.adapter(body.string("model").orElse(null));
        Prompt prompt =
                RequestFields.oneOf(body, "prompt", "messages").equals("prompt")
                        ? new Prompt.Text(
                                Objects.requireNonNull(RequestFields.text(body, "prompt")))
                        : Conversations.read(body, rules.dialect());
        exchange.onGone(Thread.currentThread()::interrupt);
        List<Integer> ids = Arrays.stream(service.engine().tokens(prompt)).boxed().toList();
        exchange.onGone(null);
        boolean strings = body.bool("return_token_strs", false);
        exchange.json(
                200,
                new Tokens(
                        ids.size(),
                        service.engine().contextTokensMax(),
                        ids,
                        strings ? ids.stream().map(names::text).toList() : null));
    }

    /** {@code POST /detokenize}. */
    void detokenize(Exchange exchange) throws IOException {
        Settings body = exchange.body();
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
        exchange.json(200, new Text(names.text(ids)));
    }
}
