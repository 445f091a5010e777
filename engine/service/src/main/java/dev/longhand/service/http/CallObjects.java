package dev.longhand.service.http;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.Settings;
import dev.longhand.service.http.ToolCallReader.Call;

import java.nio.charset.StandardCharsets;
import java.util.List;

/** Calls that are JSON objects of a name and arguments. */
final class CallObjects {
    private static final String LIST = "calls";

    private CallObjects() {}

    /** Parses an object; arguments that are missing are none. */
    static Call call(String json) {
        return call(settings(json), false);
    }

    /** Parses a list of objects. */
    static List<Call> list(String json) {
        return settings("{\"" + LIST + "\":" + json + "}").objects(LIST).stream()
                .map(each -> call(each, false))
                .toList();
    }

    /** Parses an object that must have arguments, also under the name {@code parameters}. */
    static Call callWithArguments(String json) {
        return call(settings(json), true);
    }

    private static Call call(Settings call, boolean required) {
        String name = call.string("name").orElse("");
        if (name.isEmpty()) {
            throw call.refuse("name", "is missing");
        }
        String key = required && call.has("parameters") ? "parameters" : "arguments";
        if (required && !call.has(key)) {
            throw call.refuse(key, "is missing");
        }
        if (call.isString(key)) { // some models write their JSON as a text
            return new Call(name, settings(call.string(key).orElseThrow()).json());
        }
        String arguments = call.json(key);
        return new Call(name, arguments == null ? "{}" : arguments);
    }

    /**
     * Parses an object.
     *
     * @throws InputException if it is none
     */
    static Settings settings(String json) {
        return Settings.parse("call", json.getBytes(StandardCharsets.UTF_8));
    }
}
