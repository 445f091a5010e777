package dev.longhand.service.http;

import dev.longhand.engine.file.SettingException;
import dev.longhand.service.RequestRules;
import dev.longhand.service.http.ChoiceStream.End;
import dev.longhand.service.http.ChoiceStream.Piece;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import java.io.IOException;
import java.util.List;
import java.util.UUID;

/** Serves OpenAI's Responses API, whole or streamed. */
final class Responses {
    private static final JsonMapper JSON = new JsonMapper();

    private final Completions completions;
    private final RequestRules rules;

    Responses(Completions completions, RequestRules rules) {
        this.completions = completions;
        this.rules = rules;
    }

    /** {@code POST /v1/responses}. */
    void create(Exchange exchange) throws IOException {
        ResponsesRequest request = exchange.body(body -> ResponsesRequest.read(body, rules));
        exchange.onGone(Thread.currentThread()::interrupt);
        List<ChoiceStream> choices;
        try {
            choices = completions.begin(request.chat());
        } catch (HttpFailure e) {
            throw e.renamed("messages", "input");
        } catch (SettingException e) {
            throw ResponsesRequest.renamed(e);
        }
        try (ChoiceStream choice = choices.getFirst()) {
            exchange.onGone(choice.generation()::cancel);
            Response response = new Response(request, choice);
            if (request.chat().stream()) {
                response.stream(exchange);
            } else {
                exchange.json(200, response.whole());
            }
        } catch (InterruptedException e) {
            throw new IOException(e); // the client is disconnected
        } finally {
            exchange.onGone(null);
            exchange.setOutcome(Completions.outcome(choices));
        }
    }

    /** One response. */
    private static final class Response {
        private final ResponsesRequest request;
        private final ChoiceStream choice;
        private final String id = "resp_" + UUID.randomUUID().toString().replace("-", "");
        private final long created = System.currentTimeMillis() / 1000;
        private final ResponseItems items = new ResponseItems();
        private @Nullable End end;
        private int sequenceNumber;

        Response(ResponsesRequest request, ChoiceStream choice) {
            this.request = request;
            this.choice = choice;
        }

        ObjectNode whole() throws InterruptedException {
            for (Piece piece = choice.next(); piece != null; piece = choice.next()) {
                items.add(piece);
                end = piece.end();
            }
            return body(status());
        }

        void stream(Exchange exchange) throws IOException, InterruptedException {
            exchange.beginStream();
            send(exchange, event("response.created", body("in_progress")));
            send(exchange, event("response.in_progress", body("in_progress")));
            try {
                for (Piece piece = choice.next(); piece != null; piece = choice.next()) {
                    end = piece.end();
                    for (ObjectNode event : items.add(piece)) {
                        send(exchange, event);
                    }
                }
                String status = status();
                send(exchange, event("response." + status, body(status)));
            } catch (RuntimeException e) {
                ObjectNode failed = body("failed");
                failed.putObject("error")
                        .put("code", "server_error")
                        .put("message", HttpFailure.of(e).body().error().message());
                send(exchange, event("response.failed", failed));
            }
            exchange.closeStream();
        }

        private String status() {
            return end != null && end.finishReason().equals("length") ? "incomplete" : "completed";
        }

        private static ObjectNode event(String type, ObjectNode body) {
            ObjectNode event = JSON.createObjectNode().put("type", type);
            event.set("response", body);
            return event;
        }

        private void send(Exchange exchange, ObjectNode event) throws IOException {
            event.put("sequence_number", sequenceNumber++);
            exchange.event(event.get("type").asString(), event);
        }

        private ObjectNode body(String status) {
            ObjectNode body = JSON.createObjectNode().put("id", id).put("object", "response");
            body.put("created_at", created).put("status", status);
            body.put("model", choice.generation().model());
            body.putNull("error").putNull("incomplete_details");
            if (status.equals("incomplete")) {
                String why = end == null || end.stopReason() == null ? null : end.stopReason();
                body.putObject("incomplete_details")
                        .put("reason", why == null ? "max_output_tokens" : why);
            }
            body.set("output", items.items().deepCopy());
            body.setAll(request.echoed());
            body.putNull("usage");
            if (choice.usage() != null) {
                body.set("usage", usage(TokenUsage.of(List.of(choice.usage()), 1)));
            }
            return body;
        }

        private static ObjectNode usage(TokenUsage usage) {
            ObjectNode json = JSON.createObjectNode();
            json.put("input_tokens", usage.promptTokens());
            json.putObject("input_tokens_details")
                    .put("cached_tokens", usage.promptTokensDetails().cachedTokens());
            json.put("output_tokens", usage.completionTokens());
            json.putObject("output_tokens_details")
                    .put("reasoning_tokens", usage.completionTokensDetails().reasoningTokens());
            return json.put("total_tokens", usage.totalTokens());
        }
    }
}
