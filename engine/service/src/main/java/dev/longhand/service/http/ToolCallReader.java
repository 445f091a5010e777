package dev.longhand.service.http;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.Settings;

import tools.jackson.databind.JsonNode;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Tells calls of functions from text in an answer as it comes: {@code <tool_call>}, an object with
 * name and arguments, {@code </tool_call>}, as Qwen2.5's template asks for. What only looks like a
 * call stays text.
 */
final class ToolCallReader {
    private static final String OPEN = "<tool_call>";
    private static final String CLOSE = "</tool_call>";

    private final StringBuilder pending = new StringBuilder();
    private final StringBuilder text = new StringBuilder();
    private final List<Call> calls = new ArrayList<>();
    private boolean inside;
    private boolean after; // a call, with nothing but blanks since
    private boolean called;

    /** A call: a name, and the arguments as JSON. */
    record Call(String name, String arguments) {}

    /** Takes text in. */
    void append(String more) {
        pending.append(more);
        boolean found = true;
        while (found) {
            found = inside ? close() : open();
        }
    }

    private boolean open() {
        if (after) {
            int blanks = 0;
            while (blanks < pending.length() && Character.isWhitespace(pending.charAt(blanks))) {
                blanks++;
            }
            pending.delete(0, blanks);
            after = pending.isEmpty();
        }
        int at = pending.indexOf(OPEN);
        if (at < 0) {
            move(pending.length() - beginning(pending, OPEN));
            return false;
        }
        move(at);
        pending.delete(0, OPEN.length());
        inside = true;
        return true;
    }

    private boolean close() {
        int at = pending.indexOf(CLOSE);
        if (at < 0) {
            return false;
        }
        String body = pending.substring(0, at);
        pending.delete(0, at + CLOSE.length());
        inside = false;
        try {
            Settings call = Settings.parse("call", body.getBytes(StandardCharsets.UTF_8));
            JsonNode arguments = call.value("arguments");
            String name = call.string("name").orElse("");
            if (name.isEmpty()) {
                throw call.refuse("name", "is missing");
            }
            calls.add(new Call(name, arguments == null ? "{}" : arguments.toString()));
            called = true;
            after = true;
        } catch (InputException e) { // the model's mistake, for the client to see
            text.append(OPEN).append(body).append(CLOSE);
        }
        return true;
    }

    private void move(int characters) {
        text.append(pending, 0, characters);
        pending.delete(0, characters);
    }

    /** How many of the last characters may begin a word. */
    private static int beginning(CharSequence text, String word) {
        int longest = Math.min(text.length(), word.length() - 1);
        for (int length = longest; length > 0; length--) {
            if (word.startsWith(
                    text.subSequence(text.length() - length, text.length()).toString())) {
                return length;
            }
        }
        return 0;
    }

    /** Takes what is left as text. */
    void finish() {
        if (inside) {
            text.append(OPEN);
            inside = false;
        }
        move(pending.length());
    }

    /** The text that is certain, without blanks that follow a call. */
    String takeText() {
        String taken = text.toString();
        text.setLength(0);
        return taken;
    }

    /** The calls that are complete. */
    List<Call> takeCalls() {
        List<Call> taken = List.copyOf(calls);
        calls.clear();
        return taken;
    }

    /** Whether there was a call. */
    boolean called() {
        return called;
    }
}
