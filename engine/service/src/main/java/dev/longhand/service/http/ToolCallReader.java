package dev.longhand.service.http;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.Settings;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Separates function calls from text while an answer streams. Qwen2.5's template has the model
 * write {@code <tool_call>}, an object with name and arguments, {@code </tool_call>}. The strings
 * of the object may contain the markers. A malformed call stays text.
 */
final class ToolCallReader {
    private static final String OPEN = "<tool_call>";
    private static final String CLOSE = "</tool_call>";

    private final int callsMax;
    private final StringBuilder pending = new StringBuilder();
    private final StringBuilder text = new StringBuilder();
    private final List<Call> calls = new ArrayList<>();
    private boolean inside;
    private int scanned; // characters of an open call
    private boolean inString; // of the call's JSON, at the last of them
    private boolean escaped;
    private boolean after; // only blanks since the last call
    private int found;

    /** A call: a function name, and the arguments as JSON. */
    record Call(String name, String arguments) {}

    /** Creates a reader that drops calls beyond {@code callsMax}. */
    ToolCallReader(int callsMax) {
        this.callsMax = callsMax;
    }

    /** Appends text of the answer. */
    void append(String more) {
        pending.append(more);
        boolean progress = true;
        while (progress) {
            progress = inside ? close() : open();
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
        scanned = 0;
        inString = false;
        escaped = false;
        return true;
    }

    private boolean close() {
        int at = end();
        return at >= 0 && close(at);
    }

    /** Returns the index of the first end marker outside the strings of the call; -1 if none. */
    private int end() {
        for (; scanned < pending.length(); scanned++) {
            char next = pending.charAt(scanned);
            if (inString) {
                inString = escaped || next != '"';
                escaped = !escaped && next == '\\';
            } else if (next == '"') {
                inString = true;
            } else if (next == '<') {
                if (pending.length() - scanned < CLOSE.length()) {
                    return -1; // its rest may come
                }
                if (pending.indexOf(CLOSE, scanned) == scanned) {
                    return scanned;
                }
            }
        }
        return -1;
    }

    private boolean close(int at) {
        String body = pending.substring(0, at);
        pending.delete(0, at + CLOSE.length());
        inside = false;
        try {
            Settings call = Settings.parse("call", body.getBytes(StandardCharsets.UTF_8));
            String arguments = call.json("arguments");
            String name = call.string("name").orElse("");
            if (name.isEmpty()) {
                throw call.refuse("name", "is missing");
            }
            if (found++ < callsMax) {
                calls.add(new Call(name, arguments == null ? "{}" : arguments));
            }
            after = true;
        } catch (InputException e) { // the model's mistake: the client sees it as text
            text.append(OPEN).append(body).append(CLOSE);
        }
        return true;
    }

    private void move(int characters) {
        text.append(pending, 0, characters);
        pending.delete(0, characters);
    }

    /** The length of the longest suffix of the text that is a prefix of the word. */
    static int beginning(CharSequence text, String word) {
        int longest = Math.min(text.length(), word.length() - 1);
        for (int length = longest; length > 0; length--) {
            if (word.startsWith(
                    text.subSequence(text.length() - length, text.length()).toString())) {
                return length;
            }
        }
        return 0;
    }

    /** Ends the answer; pending characters become text. */
    void finish() {
        while (inside && pending.indexOf(CLOSE) >= 0) { // a string without end hid the marker
            close(pending.indexOf(CLOSE));
            append("");
        }
        if (inside) {
            text.append(OPEN);
            inside = false;
        }
        move(pending.length());
    }

    /** Removes and returns the final text, without blanks that follow a call. */
    String takeText() {
        String taken = text.toString();
        text.setLength(0);
        return taken;
    }

    /** Removes and returns the complete calls. */
    List<Call> takeCalls() {
        List<Call> taken = List.copyOf(calls);
        calls.clear();
        return taken;
    }

    /** Whether the answer has contained a call. */
    boolean called() {
        return found > 0;
    }
}
