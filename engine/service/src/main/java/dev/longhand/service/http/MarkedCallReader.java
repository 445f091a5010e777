package dev.longhand.service.http;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.Settings;

import java.util.List;

/**
 * Reads calls between an opening and a closing marker. The strings of a call's JSON may contain the
 * markers.
 */
final class MarkedCallReader extends ToolCallReader {
    private final String open;
    private final String close;
    private final List<String> frames;
    private final boolean json;
    private final CallParser parser;
    private boolean inside;
    private int scanned; // characters of an open call
    private JsonStrings strings = new JsonStrings(); // up to the last of them
    private boolean after; // only blanks since the last call

    /**
     * Creates a reader.
     *
     * @param frames markers around all calls, which are left out
     * @param json whether markers within strings are part of them
     */
    private MarkedCallReader(
            int callsMax,
            String open,
            String close,
            List<String> frames,
            boolean json,
            CallParser parser) {
        super(callsMax);
        this.open = open;
        this.close = close;
        this.frames = frames;
        this.json = json;
        this.parser = parser;
    }

    static MarkedCallReader hermes(int callsMax) {
        return new MarkedCallReader(
                callsMax,
                "<tool_call>",
                "</tool_call>",
                List.of(),
                true,
                body -> List.of(CallObjects.call(body)));
    }

    static MarkedCallReader functionXml(int callsMax, FunctionXml functions) {
        return new MarkedCallReader(
                callsMax, "<tool_call>", "</tool_call>", List.of(), false, functions::parse);
    }

    static MarkedCallReader deepSeek(int callsMax) {
        return new MarkedCallReader(
                callsMax,
                "<｜tool▁call▁begin｜>",
                "<｜tool▁call▁end｜>",
                List.of("<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>"),
                true,
                body -> List.of(fenced(body)));
    }

    /**
     * Parses {@code function}, a separator, the name on a line, and the arguments in a fence: the
     * form of R1. In that of V3.1 the name stands before the separator, and there is no fence.
     */
    private static Call fenced(String body) {
        String separator = "<｜tool▁sep｜>";
        int at = body.indexOf(separator);
        if (at < 0) {
            throw new InputException("call: has no name");
        }
        String rest = body.substring(at + separator.length());
        int fence = rest.indexOf("```");
        String name = (fence < 0 ? body.substring(0, at) : rest.substring(0, fence)).strip();
        String arguments =
                fence < 0 ? rest : rest.substring(fence).replaceFirst("^```\\w*", "").strip();
        if (fence >= 0 && arguments.endsWith("```")) {
            arguments = arguments.substring(0, arguments.length() - "```".length());
        }
        Settings parsed = CallObjects.settings(arguments);
        if (name.isEmpty()) {
            throw parsed.refuse("name", "is missing");
        }
        return new Call(name, parsed.json());
    }

    @Override
    boolean advance(StringBuilder pending) {
        return inside ? close(pending) : open(pending);
    }

    private boolean open(StringBuilder pending) {
        if (after) {
            after = !skipBlanks(pending);
        }
        int at = pending.indexOf(open);
        String marker = open;
        int held = beginning(pending, open);
        for (String frame : frames) {
            int framed = pending.indexOf(frame);
            if (framed >= 0 && (at < 0 || framed < at)) {
                at = framed;
                marker = frame;
            }
            held = Math.max(held, beginning(pending, frame));
        }
        if (at < 0) {
            moveText(pending.length() - held);
            return false;
        }
        moveText(at);
        pending.delete(0, marker.length());
        inside = marker.equals(open);
        after = !inside;
        scanned = 0;
        strings = new JsonStrings();
        return true;
    }

    private boolean close(StringBuilder pending) {
        int at = json ? end(pending, close) : pending.indexOf(close);
        return at >= 0 && close(pending, at);
    }

    /** Returns the index of the first end marker outside the strings of the call; -1 if none. */
    private int end(StringBuilder pending, String marker) {
        for (; scanned < pending.length(); scanned++) {
            char next = pending.charAt(scanned);
            if (!strings.take(next) && next == '<') {
                if (pending.length() - scanned < marker.length()) {
                    return -1; // its rest may come
                }
                if (pending.indexOf(marker, scanned) == scanned) {
                    return scanned;
                }
            }
        }
        return -1;
    }

    private boolean close(StringBuilder pending, int at) {
        String body = pending.substring(0, at);
        pending.delete(0, at + close.length());
        inside = false;
        after = tryCalls(parser, body);
        if (!after) {
            addText(open + body + close);
        }
        return true;
    }

    @Override
    void end(StringBuilder pending) {
        while (inside && pending.indexOf(close) >= 0) { // a string without end hid the marker
            close(pending, pending.indexOf(close));
            append("");
        }
        if (inside) {
            addText(open);
            inside = false;
        }
    }
}
