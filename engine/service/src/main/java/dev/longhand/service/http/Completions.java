package dev.longhand.service.http;

import dev.longhand.engine.file.Settings;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.Usage;
import dev.longhand.service.ServedGeneration;
import dev.longhand.service.Service;
import dev.longhand.service.ServiceLimits;
import dev.longhand.service.http.Choice.Piece;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;

/** Completions and chat completions, whole or streamed. */
final class Completions {
    private final Service service;
    private final ServiceLimits limits;
    private final TokenNames names;

    /** What is done with every piece, by a thread for each choice. */
    private interface PieceReader {
        void read(Choice choice, Piece piece) throws IOException;
    }

    Completions(Service service, ServiceLimits limits) {
        this.service = service;
        this.limits = limits;
        names = new TokenNames(service.engine().tokenizer());
    }

    /** {@code POST /v1/completions}. */
    void text(Exchange exchange) throws IOException {
        answer(exchange, CompletionRequest.text(exchange.body(), limits), false);
    }

    /** {@code POST /v1/chat/completions}. */
    void chat(Exchange exchange) throws IOException {
        Settings body = exchange.body();
        answer(exchange, CompletionRequest.chat(body, limits), true);
    }

    private void answer(Exchange exchange, CompletionRequest request, boolean chat)
            throws IOException {
        List<Choice> choices = begin(request);
        try {
            exchange.onGone(() -> cancel(choices));
            String id = UUID.randomUUID().toString().replace("-", "");
            long created = System.currentTimeMillis() / 1000;
            String model = choices.getFirst().generation().model();
            AnswerShape shape =
                    chat
                            ? new ChatShape(id, created, model, request)
                            : new TextShape(id, created, model, request);
            if (request.stream()) {
                stream(exchange, request, choices, shape);
            } else {
                whole(exchange, request, choices, shape);
            }
        } finally {
            exchange.onGone(null);
            choices.forEach(Choice::close);
            exchange.setOutcome(outcome(choices));
        }
    }

    /** All or none. */
    private List<Choice> begin(CompletionRequest request) {
        List<Choice> choices = new ArrayList<>();
        try {
            for (GenerationRequest prompt : request.prompts()) {
                for (ServedGeneration each :
                        service.submit(request.model(), prompt, request.samples())) {
                    choices.add(new Choice(choices.size(), each, names, request));
                }
            }
            return choices;
        } catch (RuntimeException e) {
            choices.forEach(Choice::close);
            throw e;
        }
    }

    private static void cancel(List<Choice> choices) {
        choices.forEach(choice -> choice.generation().cancel());
    }

    private void whole(
            Exchange exchange, CompletionRequest request, List<Choice> choices, AnswerShape shape)
            throws IOException {
        List<GatheredChoice> gathered = choices.stream().map(GatheredChoice::new).toList();
        readAll(choices, (choice, piece) -> gathered.get(choice.index()).add(piece));
        exchange.json(200, shape.whole(gathered, usage(request, choices)));
    }

    private void stream(
            Exchange exchange, CompletionRequest request, List<Choice> choices, AnswerShape shape)
            throws IOException {
        exchange.beginStream();
        for (Choice choice : choices) {
            Object opening = shape.opening(choice);
            if (opening != null) {
                exchange.event(opening);
            }
        }
        try {
            readAll(
                    choices,
                    (choice, piece) -> {
                        if (says(piece, request)) {
                            exchange.event(shape.chunk(choice, piece));
                        }
                    });
            if (request.includeUsage()) {
                exchange.event(shape.usage(usage(request, choices)));
            }
        } catch (RuntimeException e) {
            exchange.fail(HttpFailure.of(e));
        }
        exchange.endStream();
    }

    /** Whether a piece is worth a chunk. */
    private static boolean says(Piece piece, CompletionRequest request) {
        return !piece.text().isEmpty()
                || !piece.calls().isEmpty()
                || !piece.tokens().isEmpty()
                || piece.end() != null
                || (request.tokenIds() && !piece.ids().isEmpty());
    }

    /** Reads choices side by side to their ends; if one cannot be, the others are cancelled. */
    private static void readAll(List<Choice> choices, PieceReader reader) throws IOException {
        AtomicReference<@Nullable Exception> failure = new AtomicReference<>();
        List<Thread> threads = new ArrayList<>();
        for (Choice choice : choices.subList(1, choices.size())) {
            threads.add(Thread.ofVirtual().start(() -> read(choice, reader, failure, choices)));
        }
        read(choices.getFirst(), reader, failure, choices);
        for (Thread thread : threads) {
            joinUninterruptibly(thread);
        }
        switch (failure.get()) {
            case null -> {}
            case IOException e -> throw e;
            case RuntimeException e -> throw e;
            case Exception e -> throw new IOException(e); // interrupted: the client was given up
        }
    }

    private static void read(
            Choice choice,
            PieceReader reader,
            AtomicReference<@Nullable Exception> failure,
            List<Choice> choices) {
        try {
            for (Piece piece = choice.next(); piece != null; piece = choice.next()) {
                reader.read(choice, piece);
            }
        } catch (IOException | InterruptedException | RuntimeException e) {
            failure.compareAndSet(null, e);
            cancel(choices);
        }
    }

    /** The others end soon, as they are cancelled where one fails. */
    private static void joinUninterruptibly(Thread thread) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static TokenUsage usage(CompletionRequest request, List<Choice> choices) {
        List<Usage> usages =
                choices.stream().map(choice -> Objects.requireNonNull(choice.usage())).toList();
        return TokenUsage.of(usages, request.samples());
    }

    private static String outcome(List<Choice> choices) {
        int output = 0;
        for (Choice choice : choices) {
            output += choice.generation().outputTokens();
        }
        return "model=%s prompt_tokens=%d output_tokens=%d finish=%s"
                .formatted(
                        choices.getFirst().generation().model(),
                        choices.getFirst().generation().promptTokens(),
                        output,
                        choices.stream()
                                .map(choice -> choice.generation().finish())
                                .collect(Collectors.joining(",")));
    }
}
