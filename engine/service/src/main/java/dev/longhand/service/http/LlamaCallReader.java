package dev.longhand.service.http;

import dev.longhand.engine.error.InputException;

import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads calls that are the whole answer: objects of name and parameters, one after another, perhaps
 * after {@code <|python_tag|>}. After the tag, a built-in function may be called as Python does it.
 */
final class LlamaCallReader extends ToolCallReader {
    private static final String TAG = "<|python_tag|>";
    private static final JsonMapper JSON = new JsonMapper();
    private static final Pattern BUILT_IN =
            Pattern.compile("(\\w+)\\.call\\((.*)\\)", Pattern.DOTALL);
    private static final Pattern ARGUMENT =
            Pattern.compile("(\\w+)=\"((?:[^\"\\\\]|\\\\.)*)\"(?:,\\s*|$)");

    private String before = ""; // the call, for the case that it is none
    private JsonExtent object = new JsonExtent();
    private State state = State.BETWEEN;

    private enum State {
        /** Before the first call, or after one. */
        BETWEEN,
        OBJECT,
        /** After the tag, where no object follows. */
        PYTHON,
        TEXT
    }

    LlamaCallReader(int callsMax) {
        super(callsMax);
    }

    @Override
    boolean advance(StringBuilder pending) {
        return switch (state) {
            case BETWEEN -> between(pending);
            case OBJECT -> object(pending);
            case PYTHON -> false;
            case TEXT -> {
                moveText(pending.length());
                yield false;
            }
        };
    }

    private boolean between(StringBuilder pending) {
        int at = 0;
        while (at < pending.length() && isBetween(pending.charAt(at))) {
            at++;
        }
        if (at == pending.length()) {
            return false;
        }
        boolean tagged = pending.indexOf(TAG, at) == at;
        if (tagged) {
            at += TAG.length();
            while (at < pending.length() && Character.isWhitespace(pending.charAt(at))) {
                at++;
            }
            if (at == pending.length()) {
                return false;
            }
        } else if (TAG.startsWith(pending.substring(at))) {
            return false; // its rest may come
        }
        if (pending.charAt(at) == '{') {
            before = pending.substring(0, at);
            pending.delete(0, at);
            object = new JsonExtent();
            state = State.OBJECT;
        } else {
            state = tagged ? State.PYTHON : State.TEXT;
            pending.delete(0, called() && !tagged ? at : 0);
        }
        return true;
    }

    /** Blanks may stand before a call, and after one the separator. */
    private boolean isBetween(char next) {
        return Character.isWhitespace(next) || (next == ';' && called());
    }

    private boolean object(StringBuilder pending) {
        int end = object.end(pending);
        if (end < 0) {
            return false;
        }
        if (tryCalls(
                body -> List.of(CallObjects.callWithArguments(body)), pending.substring(0, end))) {
            pending.delete(0, end);
            state = State.BETWEEN;
        } else {
            addText(before);
            state = State.TEXT;
        }
        return true;
    }

    @Override
    void end(StringBuilder pending) {
        if (state == State.OBJECT) {
            addText(before);
        } else if (state == State.BETWEEN && called()) {
            skipBlanks(pending);
        } else if (state == State.PYTHON) {
            String call = pending.substring(pending.indexOf(TAG) + TAG.length()).strip();
            if (tryCalls(LlamaCallReader::builtIn, call)) {
                pending.setLength(0);
            }
        }
    }

    /** Parses {@code NAME.call(ARGUMENT="TEXT", ...)}. */
    private static List<Call> builtIn(String text) {
        Matcher call = BUILT_IN.matcher(text);
        if (!call.matches()) {
            throw new InputException("call: is no call of a built-in function");
        }
        ObjectNode arguments = JSON.createObjectNode();
        Matcher each = ARGUMENT.matcher(call.group(2).strip());
        int end = 0;
        while (each.lookingAt()) {
            arguments.put(each.group(1), each.group(2).replaceAll("\\\\(.)", "$1"));
            end = each.end();
            each.region(end, each.regionEnd());
        }
        if (end < call.group(2).strip().length()) {
            throw new InputException("call: has arguments that are no texts");
        }
        return List.of(new Call(call.group(1), arguments.toString()));
    }
}
