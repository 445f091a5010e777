package dev.longhand.engine.chat;

import com.google.gson.JsonElement;
import com.google.gson.JsonPrimitive;

import dev.longhand.engine.file.Json;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * Writer of JSON as Python's {@code json.dumps(value, ensure_ascii=False)} writes it, which is
 * {@code tojson} in chat templates: a space after every comma and colon, keys in file order.
 */
final class PythonJson {
    private PythonJson() {}

    /**
     * Returns the same value in Python's spelling.
     *
     * @throws dev.longhand.engine.error.InputException if the text is not JSON
     */
    static String rewrite(String json) {
        StringBuilder out = new StringBuilder();
        write(out, Json.parse("tool", json.getBytes(StandardCharsets.UTF_8)));
        return out.toString();
    }

    private static void write(StringBuilder out, JsonElement value) {
        if (value.isJsonObject()) {
            String separator = "";
            out.append('{');
            for (Map.Entry<String, JsonElement> entry : value.getAsJsonObject().entrySet()) {
                out.append(separator);
                writeString(out, entry.getKey());
                out.append(": ");
                write(out, entry.getValue());
                separator = ", ";
            }
            out.append('}');
        } else if (value.isJsonArray()) {
            String separator = "";
            out.append('[');
            for (JsonElement element : value.getAsJsonArray()) {
                out.append(separator);
                write(out, element);
                separator = ", ";
            }
            out.append(']');
        } else if (value.isJsonNull()) {
            out.append("null");
        } else {
            writePrimitive(out, value.getAsJsonPrimitive());
        }
    }

    private static void writePrimitive(StringBuilder out, JsonPrimitive value) {
        if (value.isString()) {
            writeString(out, value.getAsString());
        } else if (value.isBoolean()) {
            out.append(value.getAsBoolean());
        } else if (Json.isWhole(value)) {
            out.append(value.getAsBigInteger());
        } else {
            writeFloat(out, value.getAsDouble());
        }
    }

    /**
     * Writes the shortest digits that read back as the same double, as both languages do, with
     * Python's rules for the exponent.
     */
    private static void writeFloat(StringBuilder out, double value) {
        if (Double.isInfinite(value)) {
            out.append(value > 0 ? "Infinity" : "-Infinity"); // 1e999
            return;
        }
        BigDecimal digits = new BigDecimal(Double.toString(value)).stripTrailingZeros();
        int exponent = digits.precision() - digits.scale() - 1;
        if (value == 0) {
            out.append(1 / value > 0 ? "0.0" : "-0.0");
        } else if (exponent >= -4 && exponent < 16) {
            out.append(
                    digits.setScale(Math.max(1, digits.scale()), RoundingMode.UNNECESSARY)
                            .toPlainString());
        } else {
            out.append(digits.movePointLeft(exponent).stripTrailingZeros().toPlainString())
                    .append(exponent < 0 ? "e-" : "e+")
                    .append("%02d".formatted(Math.abs(exponent)));
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
