package dev.longhand.service.http;

import dev.longhand.engine.error.InputException;

import java.util.List;

/**
 * Reads {@code [TOOL_CALLS]} and a list of objects of name and arguments; or, as later models write
 * it, a name, {@code [ARGS]} and the arguments, each call after a marker of its own.
 */
final class MistralCallReader extends ToolCallReader {
    private static final String OPEN = "[TOOL_CALLS]";

    private boolean inside;
    private boolean after; // only blanks since the last call
    private boolean started; // the JSON of the call
    private String name = ""; // before the JSON; empty for a list
    private JsonExtent json = new JsonExtent();

    MistralCallReader(int callsMax) {
        super(callsMax);
    }

    @Override
    boolean advance(StringBuilder pending) {
        return !inside ? open(pending) : started ? read(pending) : start(pending);
    }

    private boolean open(StringBuilder pending) {
        if (after) {
            after = !skipBlanks(pending);
        }
        int at = pending.indexOf(OPEN);
        if (at < 0) {
            moveText(pending.length() - beginning(pending, OPEN));
            return false;
        }
        moveText(at);
        pending.delete(0, OPEN.length());
        inside = true;
        started = false;
        return true;
    }

    /** Finds the beginning of the JSON: of the list, or of the arguments after a name. */
    private boolean start(StringBuilder pending) {
        if (!skipBlanks(pending)) {
            return false;
        }
        int at = pending.charAt(0) == '[' ? 0 : pending.indexOf("{");
        if (at < 0) {
            return false;
        }
        name = pending.substring(0, at);
        pending.delete(0, at);
        json = new JsonExtent();
        started = true;
        return true;
    }

    private boolean read(StringBuilder pending) {
        int end = json.end(pending);
        if (end < 0) {
            return false;
        }
        String body = pending.substring(0, end);
        pending.delete(0, end);
        inside = false;
        after = tryCalls(name.isEmpty() ? CallObjects::list : this::named, body);
        if (!after) {
            addText(OPEN + name + body);
        }
        return true;
    }

    private List<Call> named(String arguments) {
        String function = name.replaceFirst("\\[(CALL_ID|ARGS)].*", "").strip();
        if (function.isEmpty()) {
            throw new InputException("call: has no name");
        }
        return List.of(new Call(function, CallObjects.settings(arguments).json()));
    }

    @Override
    void end(StringBuilder pending) {
        if (inside) {
            addText(OPEN + (started ? name : ""));
            inside = false;
        }
    }
}
