package dev.longhand.jinja;

import dev.longhand.jinja.Arguments.Bound;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;

/** Filters of texts. */
final class TextFilters {
    private TextFilters() {}

    static Map<String, Filter> filters() {
        return Map.ofEntries(
                Map.entry("trim", TextFilters::trim),
                Map.entry("upper", change("upper", text -> text.toUpperCase(Locale.ROOT))),
                Map.entry("lower", change("lower", text -> text.toLowerCase(Locale.ROOT))),
                Map.entry("capitalize", change("capitalize", LetterCase::capitalize)),
                Map.entry("title", change("title", TextFilters::title)),
                Map.entry("string", change("string", text -> text)),
                Map.entry("safe", change("safe", text -> text)),
                Map.entry("escape", change("escape", TextFilters::escape)),
                Map.entry("e", change("e", TextFilters::escape)),
                Map.entry("forceescape", change("forceescape", TextFilters::escape)),
                Map.entry("replace", TextFilters::replace),
                Map.entry("indent", TextFilters::indent),
                Map.entry("truncate", TextFilters::truncate),
                Map.entry("center", TextFilters::center),
                Map.entry("wordcount", TextFilters::wordCount),
                Map.entry("format", TextFilters::format));
    }

    private static Filter change(String name, UnaryOperator<String> operation) {
        return (value, arguments, state) -> {
            arguments.bind(name, 0);
            return operation.apply(text(value, state));
        };
    }

    private static String text(Object value, RenderState state) {
        String text = PythonText.text(value);
        state.textSteps(text.length());
        return text;
    }

    private static Object trim(Object value, Arguments arguments, RenderState state) {
        Bound bound = arguments.bind("trim", 0, "chars");
        String text = text(value, state);
        return bound.has(0)
                ? PythonText.strip(text, bound.text(0, ""), true, true)
                : PythonText.strip(text, true, true);
    }

    /** Makes the first letter of each word a capital; words begin after blanks, - and brackets. */
    private static String title(String text) {
        StringBuilder out = new StringBuilder();
        boolean inWord = false;
        for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
            int c = text.codePointAt(i);
            String letter = Character.toString(c);
            out.append(inWord ? letter.toLowerCase(Locale.ROOT) : letter.toUpperCase(Locale.ROOT));
            inWord = !(PythonText.isSpace(c) || "-({[<".indexOf(c) >= 0);
        }
        return out.toString();
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("'", "&#39;")
                .replace("\"", "&#34;");
    }

    private static Object replace(Object value, Arguments arguments, RenderState state) {
        Bound bound = arguments.bind("replace", 2, "old", "new", "count");
        return StringMethods.replace(
                text(value, state),
                PythonText.text(bound.get(0)),
                PythonText.text(bound.get(1)),
                bound.has(2) ? bound.integer(2, -1) : -1,
                state);
    }

    private static Object indent(Object value, Arguments arguments, RenderState state) {
        Bound bound = arguments.bind("indent", 0, "width", "first", "blank");
        String indent =
                bound.get(0) instanceof String text
                        ? text
                        : " ".repeat(Math.clamp(bound.integer(0, 4), 0, 1000));
        boolean blank = bound.truth(2, false);
        StringBuilder out = new StringBuilder();
        List<String> lines = lines(text(value, state) + "\n");
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            boolean indented = i == 0 ? bound.truth(1, false) : blank || !line.isEmpty();
            state.requireLength((long) out.length() + indent.length() + line.length());
            state.textSteps(indent.length());
            out.append(i == 0 ? "" : "\n").append(indented ? indent : "").append(line);
        }
        return out.toString();
    }

    private static List<String> lines(String text) {
        List<String> lines = new ArrayList<>();
        int at = 0;
        for (int i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', at)) {
            lines.add(text.substring(at, i));
            at = i + 1;
        }
        return lines;
    }

    private static Object truncate(Object value, Arguments arguments, RenderState state) {
        Bound bound = arguments.bind("truncate", 0, "length", "killwords", "end", "leeway");
        String text = text(value, state);
        int length = bound.integer(0, 255);
        String end = bound.text(2, "...");
        int leeway = bound.has(3) ? bound.integer(3, 5) : 5;
        int size = text.codePointCount(0, text.length());
        int kept = length - end.codePointCount(0, end.length());
        if (kept < 0) {
            throw TemplateException.value(
                    "expected length >= %d, got %d".formatted(length - kept, length));
        }
        if (size <= (long) length + leeway) {
            return text;
        }
        String begin = text.substring(0, text.offsetByCodePoints(0, kept));
        int blank = begin.lastIndexOf(' ');
        return (bound.truth(1, false) || blank < 0 ? begin : begin.substring(0, blank)) + end;
    }

    private static Object center(Object value, Arguments arguments, RenderState state) {
        int width = arguments.bind("center", 0, "width").integer(0, 80);
        return StringMethods.justify(text(value, state), width, " ", 1, state);
    }

    private static Object wordCount(Object value, Arguments arguments, RenderState state) {
        arguments.bind("wordcount", 0);
        long words = 0;
        boolean inWord = false;
        String text = text(value, state);
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean letter = Character.isLetterOrDigit(c) || c == '_';
            words += letter && !inWord ? 1 : 0;
            inWord = letter;
        }
        return words;
    }

    private static Object format(Object value, Arguments arguments, RenderState state) {
        Object values =
                arguments.keywords().isEmpty()
                        ? new Tuple(arguments.positional())
                        : arguments.keywords();
        return PercentFormat.format(text(value, state), values, state);
    }
}
