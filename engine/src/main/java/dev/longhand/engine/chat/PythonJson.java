package dev.longhand.engine.chat;

import dev.longhand.engine.file.Json;

import tools.jackson.databind.JsonNode;

import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * JSON written as Python's {@code json.dumps(value, ensure_ascii=False)} does, which is what {@code
 * tojson} means in chat templates: a space after every comma and colon, keys in their order.
 */
final class PythonJson {
    private PythonJson() {}

    /**
     * The same value in Python's spelling.
     *
     * @throws dev.longhand.engine.error.InputException if the text is not JSON
     */
    static String rewrite(String json) {
        StringBuilder out = new StringBuilder();
        write(out, Json.parse("tool", json.getBytes(StandardCharsets.UTF_8)));
        return out.toString();
    }

    private static void write(StringBuilder out, JsonNode value) {
        if (value.isObject()) {
            String separator = "{";
            for (Map.Entry<String, JsonNode> entry : value.properties()) {
                out.append(separator);
                writeString(out, entry.getKey());
                out.append(": ");
                write(out, entry.getValue());
                separator = ", ";
            }
            out.append(value.isEmpty() ? "{}" : "}");
        } else if (value.isArray()) {
            String separator = "[";
            for (JsonNode element : value) {
                out.append(separator);
                write(out, element);
                separator = ", ";
            }
            out.append(value.isEmpty() ? "[]" : "]");
        } else if (value.isString()) {
            writeString(out, value.stringValue());
        } else {
            out.append(value); // numbers, true, false, null are spelled alike
        }
    }

    private static void writeString(StringBuilder out, String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\b' -> out.append("\\b");
                case '\f' -> out.append("\\f");
                default -> {
                    if (c < 0x20) {
                        out.append("\\u%04x".formatted((int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }
}
