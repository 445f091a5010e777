package dev.longhand.jinja;

import java.util.List;

/** Python's {@code str.format} with fields by position or name, without format specifications. */
final class FormatMethod {
    private FormatMethod() {}

    static Object format(String format, Arguments arguments, RenderState state) {
        StringBuilder out = new StringBuilder();
        int automatic = 0;
        for (int i = 0; i < format.length(); i++) {
            char c = format.charAt(i);
            if (c != '{' && c != '}') {
                out.append(c);
            } else if (i + 1 < format.length() && format.charAt(i + 1) == c) {
                out.append(c);
                i++;
            } else {
                int end = format.indexOf('}', i);
                if (c == '}' || end < 0) {
                    throw TemplateException.value(
                            "Single '" + c + "' encountered in format string");
                }
                String field = format.substring(i + 1, end);
                String name = field.isEmpty() ? Integer.toString(automatic++) : field;
                String text = PythonText.text(value(name, arguments));
                state.requireLength((long) out.length() + text.length());
                state.textSteps(text.length());
                out.append(text);
                i = end;
            }
        }
        return out.toString();
    }

    private static Object value(String field, Arguments arguments) {
        if (!field.isEmpty() && field.chars().allMatch(c -> c >= '0' && c <= '9')) {
            List<Object> positional = arguments.positional();
            int index = field.length() > 9 ? Integer.MAX_VALUE : Integer.parseInt(field);
            if (index >= positional.size()) {
                throw TemplateException.value(
                        "Replacement index " + field + " out of range for positional args tuple");
            }
            return positional.get(index);
        }
        Object value = arguments.keywords().get(field);
        if (value == null) {
            throw TemplateException.value(
                    "format has no argument '" + field + "'; specifications are not supported");
        }
        return value;
    }
}
