package dev.longhand.engine.constraint;

import com.google.gson.JsonElement;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Spells JSON values without white space, as answers contain them. */
final class JsonText {
    private JsonText() {}

    static byte[] of(JsonElement value) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        write(value, out);
        return out.toByteArray();
    }

    private static void write(JsonElement value, ByteArrayOutputStream out) {
        if (value.isJsonObject()) {
            String separator = "{";
            for (var each : value.getAsJsonObject().entrySet()) {
                out.writeBytes(separator.getBytes(StandardCharsets.US_ASCII));
                out.writeBytes(JsonRules.quoted(each.getKey()));
                out.write(':');
                write(each.getValue(), out);
                separator = ",";
            }
            out.writeBytes(
                    (separator.equals("{") ? "{}" : "}").getBytes(StandardCharsets.US_ASCII));
        } else if (value.isJsonArray()) {
            String separator = "[";
            for (JsonElement each : value.getAsJsonArray()) {
                out.writeBytes(separator.getBytes(StandardCharsets.US_ASCII));
                write(each, out);
                separator = ",";
            }
            out.writeBytes(
                    (separator.equals("[") ? "[]" : "]").getBytes(StandardCharsets.US_ASCII));
        } else if (value.isJsonPrimitive() && value.getAsJsonPrimitive().isString()) {
            out.writeBytes(JsonRules.quoted(value.getAsString()));
        } else {
            out.writeBytes(
                    (value.isJsonNull() ? "null" : value.getAsString())
                            .getBytes(StandardCharsets.US_ASCII));
        }
    }
}
