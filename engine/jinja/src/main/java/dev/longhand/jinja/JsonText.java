package dev.longhand.jinja;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * JSON as Python's {@code json.dumps} writes it.
 *
 * @param indent text of one level; null writes all on one line
 */
record JsonText(
        boolean asciiOnly,
        @Nullable String indent,
        String itemSeparator,
        String keySeparator,
        boolean sortKeys) {
    /** Returns the result of the filter {@code tojson} of transformers. */
    static Object filter(Object value, Arguments arguments, RenderState state) {
        Arguments.Bound bound =
                arguments.bind("tojson", 0, "ensure_ascii", "indent", "separators", "sort_keys");
        String indent = indent(bound);
        String item = indent == null ? ", " : ",";
        String key = ": ";
        if (bound.has(2)) {
            List<Object> separators = Values.list(bound.get(2), state);
            if (separators.size() != 2) {
                throw TemplateException.value("tojson() separators must be two texts");
            }
            item = PythonText.text(separators.get(0));
            key = PythonText.text(separators.get(1));
        }
        StringBuilder out = new StringBuilder();
        new JsonText(bound.truth(0, false), indent, item, key, bound.truth(3, false))
                .write(out, value, 0, state);
        return out.toString();
    }

    private static @Nullable String indent(Arguments.Bound bound) {
        if (!bound.has(1)) {
            return null;
        }
        return bound.get(1) instanceof String text
                ? text
                : " ".repeat(Math.clamp(bound.integer(1, 0), 0, 64));
    }

    private void write(StringBuilder out, Object value, int level, RenderState state) {
        state.step();
        state.requireLength(out.length());
        switch (value) {
            case Map<?, ?> map -> writeMap(out, map, level, state);
            case List<?> list -> writeList(out, list, level, state);
            case Tuple tuple -> writeList(out, tuple.items(), level, state);
            case String text -> {
                state.textSteps(text.length());
                writeText(out, text);
            }
            case None none -> out.append("null");
            case Boolean truth -> out.append(truth);
            case Double number -> out.append(number(number));
            case Number number -> out.append(number);
            default ->
                    throw TemplateException.value(
                            "Object of type %s is not JSON serializable"
                                    .formatted(Values.typeName(value)));
        }
    }

    private static String number(double value) {
        if (Double.isNaN(value)) {
            return "NaN";
        }
        return Double.isInfinite(value)
                ? (value > 0 ? "Infinity" : "-Infinity")
                : PythonNumbers.text(value);
    }

    private void writeMap(StringBuilder out, Map<?, ?> map, int level, RenderState state) {
        if (map.isEmpty()) {
            out.append("{}");
            return;
        }
        List<Object> keys = new ArrayList<>(map.keySet());
        if (sortKeys) {
            keys.sort((a, b) -> Comparison.compare(a, b, state));
        }
        String separator = "{";
        for (Object key : keys) {
            out.append(separator);
            newLine(out, level + 1);
            writeText(out, keyText(key));
            out.append(keySeparator);
            write(out, Objects.requireNonNull(map.get(key)), level + 1, state);
            separator = itemSeparator;
        }
        newLine(out, level);
        out.append('}');
    }

    private static String keyText(Object key) {
        return switch (key) {
            case String text -> text;
            case None none -> "null";
            case Boolean truth -> truth.toString();
            case Double number -> number(number);
            case Number number -> number.toString();
            default ->
                    throw TemplateException.value(
                            "keys must be str, int, float, bool or None, not "
                                    + Values.typeName(key));
        };
    }

    private void writeList(StringBuilder out, List<?> list, int level, RenderState state) {
        if (list.isEmpty()) {
            out.append("[]");
            return;
        }
        String separator = "[";
        for (Object item : list) {
            out.append(separator);
            newLine(out, level + 1);
            write(out, item, level + 1, state);
            separator = itemSeparator;
        }
        newLine(out, level);
        out.append(']');
    }

    private void newLine(StringBuilder out, int level) {
        if (indent != null) {
            out.append('\n').repeat(indent, level);
        }
    }

    private void writeText(StringBuilder out, String text) {
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
                    if (c < 0x20 || (asciiOnly && c > 0x7e)) {
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
