package dev.longhand.service.http;

import dev.longhand.engine.Engine;
import dev.longhand.engine.error.AnswerFormatException;
import dev.longhand.engine.error.ContextLengthException;
import dev.longhand.engine.error.EngineFailureException;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.SettingException;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.Thinking;
import dev.longhand.engine.generation.Usage;
import dev.longhand.service.FormatFields;
import dev.longhand.service.RequestRules;
import dev.longhand.service.ServedGeneration;
import dev.longhand.service.Service;
import dev.longhand.service.UnknownModelException;
import dev.longhand.service.http.ChoiceStream.Piece;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;

/** Serves completions and chat completions, whole or streamed. */
final class Completions {
    private final Service service;
    private final RequestRules rules;
    private final TokenNames names;

    /** Consumes the pieces of choices; each choice has its own thread. */
    private interface PieceReader {
        void read(ChoiceStream choice, Piece piece) throws IOException;
    }

    Completions(Service service, RequestRules rules) {
        this.service = service;
        this.rules = rules;
        names = new TokenNames(service.engine().tokenizer());
    }

    /** {@code POST /v1/completions}. */
    void text(Exchange exchange) throws IOException {
        answer(exchange, exchange.body(body -> CompletionRequest.text(body, rules)));
    }

    /** {@code POST /v1/chat/completions}. */
    void chat(Exchange exchange) throws IOException {
        answer(exchange, exchange.body(body -> CompletionRequest.chat(body, rules)));
    }

    private void answer(Exchange exchange, CompletionRequest request) throws IOException {
        // Encoding the prompt may take its time, which a client that has gone does not need.
        exchange.onGone(Thread.currentThread()::interrupt);
        List<ChoiceStream> choices = begin(request);
        try {
            exchange.onGone(() -> cancel(choices));
            String id = UUID.randomUUID().toString().replace("-", "");
            ResponseFormat shape = shape(request, choices, id);
            if (request.stream()) {
                stream(exchange, request, choices, shape);
            } else {
                exchange.json(200, whole(request, choices, shape));
            }
        } finally {
            exchange.onGone(null);
            choices.forEach(ChoiceStream::close);
            exchange.setOutcome(outcome(choices));
        }
    }

    private static ResponseFormat shape(
            CompletionRequest request, List<ChoiceStream> choices, String id) {
        long created = System.currentTimeMillis() / 1000;
        String model = choices.getFirst().generation().model();
        return request.chat()
                ? new ChatResponseFormat(id, created, model, request)
                : new TextResponseFormat(id, created, model, request);
    }

    /** A whole answer that was not sent. */
    record Whole(Object body, int outputTokens) {}

    /**
     * Answers a request that is not streamed.
     *
     * @throws IOException if this thread is interrupted
     */
    Whole whole(CompletionRequest request, String id) throws IOException {
        List<ChoiceStream> choices = begin(request);
        try {
            Object body = whole(request, choices, shape(request, choices, id));
            return new Whole(body, usage(request, choices).completionTokens());
        } finally {
            choices.forEach(ChoiceStream::close);
        }
    }

    /** Submits all prompts, or none if one is rejected. */
    List<ChoiceStream> begin(CompletionRequest request) {
        boolean calls = request.tools().callsMax() > 0;
        CompletionRequest sent =
                calls && ToolCallReader.hasControlTokens(service.engine().toolCallForm())
                        ? request.withControlText()
                        : request;
        List<ChoiceStream> choices = new ArrayList<>();
        try {
            for (GenerationRequest prompt : sent.prompts()) {
                for (ServedGeneration each : service.submit(sent.model(), prompt, sent.samples())) {
                    choices.add(choice(choices.size(), each, sent, prompt.thinking()));
                }
            }
            return choices;
        } catch (RuntimeException e) {
            choices.forEach(ChoiceStream::close);
            throw named(e, request);
        }
    }

    private ChoiceStream choice(
            int index, ServedGeneration generation, CompletionRequest request, Thinking thinking) {
        Engine engine = service.engine();
        boolean calls = request.tools().callsMax() > 0;
        return new ChoiceStream(
                index,
                generation,
                names,
                request,
                engine.shownTokens(thinking),
                request.chat() ? ThoughtReader.of(engine.thoughtMarkers(thinking)) : null,
                calls ? ToolCallReader.of(engine.toolCallForm(), request.tools()) : null);
    }

    /** Blames the prompt for an error of the engine, since all other fields were checked before. */
    private RuntimeException named(RuntimeException error, CompletionRequest request) {
        String prompt = request.chat() ? "messages" : "prompt";
        return switch (error) {
            case ContextLengthException e ->
                    HttpFailure.invalid(
                            prompt,
                            "context_length_exceeded",
                            "This model's maximum context length is %d tokens. However, %s. Please reduce"
                                            .formatted(
                                                    service.engine().contextTokensMax(),
                                                    e.getMessage())
                                    + " the length of the "
                                    + prompt
                                    + ".");
            case AnswerFormatException e -> FormatFields.refusal(request.formatField(), e);
            case UnknownModelException e -> e;
            case SettingException e -> e;
            case InputException e ->
                    HttpFailure.invalid(
                            prompt, null, Objects.requireNonNullElse(e.getMessage(), "" + e));
            default -> error;
        };
    }

    private static void cancel(List<ChoiceStream> choices) {
        choices.forEach(choice -> choice.generation().cancel());
    }

    private static Object whole(
            CompletionRequest request, List<ChoiceStream> choices, ResponseFormat shape)
            throws IOException {
        List<CollectedChoice> gathered = choices.stream().map(CollectedChoice::new).toList();
        readAll(choices, (choice, piece) -> gathered.get(choice.index()).add(piece));
        return shape.whole(gathered, usage(request, choices));
    }

    private void stream(
            Exchange exchange,
            CompletionRequest request,
            List<ChoiceStream> choices,
            ResponseFormat shape)
            throws IOException {
        exchange.beginStream();
        for (ChoiceStream choice : choices) {
            Object opening = shape.opening(choice);
            if (opening != null) {
                exchange.event(opening);
            }
        }
        try {
            readAll(
                    choices,
                    (choice, piece) -> {
                        if (hasContent(piece, request)) {
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

    /** Whether a piece has content for a chunk. */
    private static boolean hasContent(Piece piece, CompletionRequest request) {
        return !piece.text().isEmpty()
                || !piece.thought().isEmpty()
                || !piece.calls().isEmpty()
                || !piece.tokens().isEmpty()
                || piece.end() != null
                || (request.tokenIds() && !piece.ids().isEmpty());
    }

    /** Reads all choices concurrently to their ends; a failure of one cancels the others. */
    private static void readAll(List<ChoiceStream> choices, PieceReader reader) throws IOException {
        AtomicReference<@Nullable Exception> failure = new AtomicReference<>();
        List<Thread> threads = new ArrayList<>();
        for (ChoiceStream choice : choices.subList(1, choices.size())) {
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
            case Exception e -> throw new IOException(e); // interrupted: the client is disconnected
        }
    }

    private static void read(
            ChoiceStream choice,
            PieceReader reader,
            AtomicReference<@Nullable Exception> failure,
            List<ChoiceStream> choices) {
        try {
            for (Piece piece = choice.next(); piece != null; piece = choice.next()) {
                reader.read(choice, piece);
            }
        } catch (IOException | InterruptedException | RuntimeException e) {
            failure.compareAndSet(null, e);
            cancel(choices);
        } catch (Error e) {
            failure.compareAndSet(null, EngineFailureException.of(e));
            cancel(choices);
        }
    }

    /** Joins without a time limit: the thread ends soon, since a failure cancels all choices. */
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

    private static TokenUsage usage(CompletionRequest request, List<ChoiceStream> choices) {
        List<Usage> usages =
                choices.stream().map(choice -> Objects.requireNonNull(choice.usage())).toList();
        return TokenUsage.of(usages, request.samples());
    }

    static String outcome(List<ChoiceStream> choices) {
        int output = 0;
        for (ChoiceStream choice : choices) {
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
