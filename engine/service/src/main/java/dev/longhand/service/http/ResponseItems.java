package dev.longhand.service.http;

import dev.longhand.service.http.ChoiceStream.Piece;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * Builds the output items of a response from the pieces of an answer, and the events of their
 * growth: thoughts as an item of reasoning, text as a message, then function calls.
 */
final class ResponseItems {
    private static final JsonMapper JSON = new JsonMapper();

    private enum Kind {
        REASONING("rs", "reasoning", "reasoning_text"),
        MESSAGE("msg", "message", "output_text");

        private final String prefix;
        private final String item;
        private final String part;

        Kind(String prefix, String item, String part) {
            this.prefix = prefix;
            this.item = item;
            this.part = part;
        }
    }

    private final ArrayNode items = JSON.createArrayNode();
    private final StringBuilder text = new StringBuilder(); // of the open item
    private final StringBuilder blanks = new StringBuilder(); // may precede a call
    private List<ObjectNode> events = new ArrayList<>();
    private @Nullable Kind open;
    private String id = ""; // of the open item
    private boolean spoken; // a message or a call

    /** Returns the items, complete up to the open one. */
    ArrayNode items() {
        return items;
    }

    /** Adds a piece and returns its events, which have no sequence numbers yet. */
    List<ObjectNode> add(Piece piece) {
        events = new ArrayList<>();
        if (!piece.thought().isEmpty()) {
            grow(Kind.REASONING, piece.thought());
        }
        if (!piece.text().isEmpty()) {
            answer(piece.text());
        }
        piece.calls().forEach(this::call);
        ChoiceStream.End end = piece.end();
        if (end != null) {
            if (!spoken) {
                grow(Kind.MESSAGE, blanks.toString());
            }
            close(end.finishReason().equals("length") ? "incomplete" : "completed");
        }
        return events;
    }

    private void answer(String more) {
        if (open != Kind.MESSAGE && more.isBlank()) {
            blanks.append(more);
            return;
        }
        grow(Kind.MESSAGE, blanks + more);
        blanks.setLength(0);
    }

    private void grow(Kind kind, String delta) {
        if (open != kind) {
            close("completed");
            open(kind);
        }
        text.append(delta);
        if (!delta.isEmpty()) {
            part("response." + kind.part + ".delta").put("delta", delta);
        }
    }

    private void open(Kind kind) {
        open = kind;
        spoken |= kind == Kind.MESSAGE;
        id = newId(kind.prefix);
        item("response.output_item.added", body(kind, "in_progress", null));
        part("response.content_part.added").set("part", content(kind, ""));
    }

    private void close(String status) {
        Kind kind = open;
        if (kind == null) {
            return;
        }
        String whole = text.toString();
        part("response." + kind.part + ".done").put("text", whole);
        part("response.content_part.done").set("part", content(kind, whole));
        ObjectNode body = body(kind, status, whole);
        item("response.output_item.done", body);
        items.add(body);
        text.setLength(0);
        open = null;
    }

    private static ObjectNode content(Kind kind, String whole) {
        ObjectNode part = JSON.createObjectNode().put("type", kind.part).put("text", whole);
        if (kind == Kind.MESSAGE) {
            part.putArray("annotations");
            part.putArray("logprobs");
        }
        return part;
    }

    private ObjectNode body(Kind kind, String status, @Nullable String whole) {
        ObjectNode body = JSON.createObjectNode().put("id", id).put("type", kind.item);
        body.put("status", status);
        if (kind == Kind.MESSAGE) {
            body.put("role", "assistant");
        } else {
            body.putArray("summary");
        }
        ArrayNode parts = body.putArray("content");
        if (whole != null) {
            parts.add(content(kind, whole));
        }
        return body;
    }

    private void call(ToolCallReader.Call call) {
        close("completed");
        spoken = true;
        blanks.setLength(0);
        id = newId("fc");
        String callId = newId("call");
        item("response.output_item.added", call(call, callId, "in_progress", ""));
        event("response.function_call_arguments.delta")
                .put("item_id", id)
                .put("output_index", items.size())
                .put("delta", call.arguments());
        event("response.function_call_arguments.done")
                .put("item_id", id)
                .put("output_index", items.size())
                .put("name", call.name())
                .put("arguments", call.arguments());
        ObjectNode whole = call(call, callId, "completed", call.arguments());
        item("response.output_item.done", whole);
        items.add(whole);
    }

    private ObjectNode call(
            ToolCallReader.Call call, String callId, String status, String arguments) {
        return JSON.createObjectNode()
                .put("id", id)
                .put("type", "function_call")
                .put("status", status)
                .put("call_id", callId)
                .put("name", call.name())
                .put("arguments", arguments);
    }

    private static String newId(String prefix) {
        return prefix + "_" + UUID.randomUUID().toString().replace("-", "");
    }

    private void item(String type, ObjectNode item) {
        event(type).put("output_index", items.size()).set("item", item);
    }

    private ObjectNode part(String type) {
        ObjectNode event = event(type).put("item_id", id);
        event.put("output_index", items.size()).put("content_index", 0);
        if (type.startsWith("response.output_text.")) {
            event.putArray("logprobs");
        }
        return event;
    }

    private ObjectNode event(String type) {
        ObjectNode event = JSON.createObjectNode().put("type", type);
        events.add(event);
        return event;
    }
}
