package dev.longhand.jinja;

import dev.longhand.jinja.Arguments.Bound;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Methods of str that cut it into parts. */
final class SplitMethods {
    private SplitMethods() {}

    static Object split(String text, Arguments arguments, RenderState state) {
        Bound bound = arguments.bind("split", 0, "sep", "maxsplit");
        int most = most(bound);
        return bound.has(0)
                ? forward(text, separator(bound), most, state)
                : blanks(text, most, state);
    }

    static Object rsplit(String text, Arguments arguments, RenderState state) {
        Bound bound = arguments.bind("rsplit", 0, "sep", "maxsplit");
        int most = most(bound);
        return bound.has(0)
                ? backward(text, separator(bound), most, state)
                : blanksBackward(text, most, state);
    }

    private static int most(Bound bound) {
        int most = bound.integer(1, -1);
        return most < 0 ? Integer.MAX_VALUE : most;
    }

    private static String separator(Bound bound) {
        String separator = bound.text(0, "");
        if (separator.isEmpty()) {
            throw TemplateException.value("empty separator");
        }
        return separator;
    }

    private static List<Object> forward(
            String text, String separator, int most, RenderState state) {
        List<Object> parts = new ArrayList<>();
        int at = 0;
        for (int i = text.indexOf(separator);
                i >= 0 && parts.size() < most;
                i = text.indexOf(separator, at)) {
            state.step();
            parts.add(text.substring(at, i));
            at = i + separator.length();
        }
        parts.add(text.substring(at));
        return parts;
    }

    private static List<Object> backward(
            String text, String separator, int most, RenderState state) {
        List<Object> parts = new ArrayList<>();
        int end = text.length();
        while (parts.size() < most) {
            int found =
                    end < separator.length()
                            ? -1
                            : text.lastIndexOf(separator, end - separator.length());
            if (found < 0) {
                break;
            }
            state.step();
            parts.add(text.substring(found + separator.length(), end));
            end = found;
        }
        parts.add(text.substring(0, end));
        Collections.reverse(parts);
        return parts;
    }

    private static List<Object> blanks(String text, int most, RenderState state) {
        List<Object> parts = new ArrayList<>();
        int at = skip(text, 0, true);
        while (at < text.length()) {
            state.step();
            if (parts.size() == most) {
                parts.add(text.substring(at));
                break;
            }
            int end = skip(text, at, false);
            parts.add(text.substring(at, end));
            at = skip(text, end, true);
        }
        return parts;
    }

    private static int skip(String text, int from, boolean spaces) {
        int at = from;
        while (at < text.length() && PythonText.isSpace(text.charAt(at)) == spaces) {
            at++;
        }
        return at;
    }

    private static List<Object> blanksBackward(String text, int most, RenderState state) {
        List<Object> parts = new ArrayList<>();
        int end = skipBackward(text, text.length(), true);
        while (end > 0) {
            state.step();
            if (parts.size() == most) {
                parts.add(text.substring(0, end));
                break;
            }
            int begin = skipBackward(text, end, false);
            parts.add(text.substring(begin, end));
            end = skipBackward(text, begin, true);
        }
        Collections.reverse(parts);
        return parts;
    }

    private static int skipBackward(String text, int from, boolean spaces) {
        int end = from;
        while (end > 0 && PythonText.isSpace(text.charAt(end - 1)) == spaces) {
            end--;
        }
        return end;
    }

    static Object splitLines(String text, Arguments arguments, RenderState state) {
        boolean keep = arguments.bind("splitlines", 0, "keepends").truth(0, false);
        List<Object> lines = new ArrayList<>();
        int at = 0;
        for (int i = 0; i < text.length(); i++) {
            if ("\n\r\u000b\f\u001c\u001d\u001e\u0085\u2028\u2029".indexOf(text.charAt(i)) >= 0) {
                state.step();
                int end = text.startsWith("\r\n", i) ? i + 2 : i + 1;
                lines.add(text.substring(at, keep ? end : i));
                at = end;
                i = end - 1;
            }
        }
        if (at < text.length()) {
            lines.add(text.substring(at));
        }
        return lines;
    }

    static Object partition(String text, Arguments arguments, RenderState state) {
        String separator = separator(arguments.bind("partition", 1, "sep"));
        int at = text.indexOf(separator);
        return at < 0 ? Tuple.of(text, "", "") : parted(text, separator, at);
    }

    static Object rpartition(String text, Arguments arguments, RenderState state) {
        String separator = separator(arguments.bind("rpartition", 1, "sep"));
        int at = text.lastIndexOf(separator);
        return at < 0 ? Tuple.of("", "", text) : parted(text, separator, at);
    }

    private static Tuple parted(String text, String separator, int at) {
        return Tuple.of(text.substring(0, at), separator, text.substring(at + separator.length()));
    }
}
