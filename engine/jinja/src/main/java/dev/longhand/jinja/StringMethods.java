package dev.longhand.jinja;

import dev.longhand.jinja.Arguments.Bound;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntPredicate;

/** Python's methods of str. */
final class StringMethods {
    /** Method with the text that it is called on. */
    @FunctionalInterface
    private interface Method {
        Object call(String text, Arguments arguments, RenderState state);
    }

    private static final Map<String, Method> METHODS =
            Map.ofEntries(
                    Map.entry("strip", strip("strip", true, true)),
                    Map.entry("lstrip", strip("lstrip", true, false)),
                    Map.entry("rstrip", strip("rstrip", false, true)),
                    Map.entry("split", SplitMethods::split),
                    Map.entry("rsplit", SplitMethods::rsplit),
                    Map.entry("splitlines", SplitMethods::splitLines),
                    Map.entry("partition", SplitMethods::partition),
                    Map.entry("rpartition", SplitMethods::rpartition),
                    Map.entry("startswith", ends("startswith", true)),
                    Map.entry("endswith", ends("endswith", false)),
                    Map.entry("removeprefix", remove("removeprefix", true)),
                    Map.entry("removesuffix", remove("removesuffix", false)),
                    Map.entry("replace", StringMethods::replace),
                    Map.entry("join", StringMethods::join),
                    Map.entry("format", FormatMethod::format),
                    Map.entry("find", find("find", false, false)),
                    Map.entry("rfind", find("rfind", true, false)),
                    Map.entry("index", find("index", false, true)),
                    Map.entry("rindex", find("rindex", true, true)),
                    Map.entry("count", StringMethods::count),
                    Map.entry("zfill", StringMethods::zfill),
                    Map.entry("ljust", justify("ljust", 0)),
                    Map.entry("rjust", justify("rjust", 2)),
                    Map.entry("center", justify("center", 1)),
                    Map.entry("upper", change("upper", text -> text.toUpperCase(Locale.ROOT))),
                    Map.entry("lower", change("lower", text -> text.toLowerCase(Locale.ROOT))),
                    Map.entry("casefold", change("casefold", LetterCase::fold)),
                    Map.entry("capitalize", change("capitalize", LetterCase::capitalize)),
                    Map.entry("title", change("title", LetterCase::title)),
                    Map.entry("swapcase", change("swapcase", LetterCase::swap)),
                    Map.entry("isdigit", all("isdigit", LetterCase::isDigit)),
                    Map.entry("isdecimal", all("isdecimal", Character::isDigit)),
                    Map.entry("isnumeric", all("isnumeric", LetterCase::isNumeric)),
                    Map.entry("isalpha", all("isalpha", Character::isLetter)),
                    Map.entry("isalnum", all("isalnum", LetterCase::isLetterOrNumber)),
                    Map.entry("isspace", all("isspace", PythonText::isSpace)),
                    Map.entry("isascii", (text, arguments, state) -> isAscii(text)),
                    Map.entry("isupper", (text, arguments, state) -> LetterCase.isUpper(text)),
                    Map.entry("islower", (text, arguments, state) -> LetterCase.isLower(text)),
                    Map.entry("istitle", (text, arguments, state) -> LetterCase.isTitle(text)));

    private StringMethods() {}

    static Object find(String text, String name) {
        Method method = METHODS.get(name);
        if (method == null) {
            return Undefined.attribute(text, name);
        }
        return (Function)
                (arguments, state) -> {
                    state.textSteps(text.length());
                    return method.call(text, arguments, state);
                };
    }

    private static Method change(String name, java.util.function.UnaryOperator<String> operation) {
        return (text, arguments, state) -> {
            arguments.bind(name, 0);
            return operation.apply(text);
        };
    }

    private static Method all(String name, IntPredicate property) {
        return (text, arguments, state) -> {
            arguments.bind(name, 0);
            return !text.isEmpty() && text.codePoints().allMatch(property);
        };
    }

    private static boolean isAscii(String text) {
        return text.chars().allMatch(c -> c < 128);
    }

    private static Method strip(String name, boolean left, boolean right) {
        return (text, arguments, state) -> {
            Bound bound = arguments.bind(name, 0, "chars");
            return bound.has(0)
                    ? PythonText.strip(text, bound.text(0, ""), left, right)
                    : PythonText.strip(text, left, right);
        };
    }

    private static Method ends(String name, boolean first) {
        return (text, arguments, state) -> {
            Bound bound = arguments.bind(name, 1, "affix", "start", "end");
            String part = part(text, bound, 1);
            Object affix = bound.get(0);
            List<Object> choices = affix instanceof Tuple tuple ? tuple.items() : List.of(affix);
            return choices.stream()
                    .anyMatch(
                            choice -> {
                                if (!(choice instanceof String edge)) {
                                    throw TemplateException.value(
                                            "%s first arg must be str or a tuple of str, not %s"
                                                    .formatted(name, Values.typeName(choice)));
                                }
                                return first ? part.startsWith(edge) : part.endsWith(edge);
                            });
        };
    }

    /** Returns the part between optional bounds, which start at a parameter. */
    private static String part(String text, Bound bound, int first) {
        if (!bound.has(first) && !bound.has(first + 1)) {
            return text;
        }
        int size = text.codePointCount(0, text.length());
        int begin = position(bound.integer(first, 0), size);
        int end = bound.has(first + 1) ? position(bound.integer(first + 1, size), size) : size;
        int from = text.offsetByCodePoints(0, begin);
        return text.substring(from, text.offsetByCodePoints(from, Math.max(0, end - begin)));
    }

    private static int position(int index, int size) {
        return Math.clamp(index < 0 ? (long) index + size : index, 0, size);
    }

    private static Method remove(String name, boolean first) {
        return (text, arguments, state) -> {
            String affix = arguments.bind(name, 1, "affix").text(0, "");
            if (first) {
                return text.startsWith(affix) ? text.substring(affix.length()) : text;
            }
            return text.endsWith(affix) ? text.substring(0, text.length() - affix.length()) : text;
        };
    }

    private static Object replace(String text, Arguments arguments, RenderState state) {
        Bound bound = arguments.bind("replace", 2, "old", "new", "count");
        return replace(text, bound.text(0, ""), bound.text(1, ""), bound.integer(2, -1), state);
    }

    /** Replaces a part in a text, at most {@code count} times unless that is negative. */
    static String replace(String text, String part, String other, int count, RenderState state) {
        StringBuilder out = new StringBuilder();
        int at = 0;
        for (int done = 0; count < 0 || done < count; done++) {
            int found = text.indexOf(part, part.isEmpty() && done > 0 ? next(text, at) : at);
            if (found < 0 || (part.isEmpty() && done > 0 && at >= text.length())) {
                break;
            }
            state.requireLength((long) out.length() + found - at + other.length());
            state.textSteps(other.length());
            out.append(text, at, found).append(other);
            at = found + part.length();
        }
        state.requireLength((long) out.length() + text.length() - at);
        return out.append(text, at, text.length()).toString();
    }

    private static int next(String text, int at) {
        return at >= text.length() ? text.length() : at + Character.charCount(text.codePointAt(at));
    }

    private static Object join(String text, Arguments arguments, RenderState state) {
        StringBuilder out = new StringBuilder();
        List<Object> parts = Values.list(arguments.bind("join", 1, "iterable").get(0), state);
        for (int i = 0; i < parts.size(); i++) {
            if (!(parts.get(i) instanceof String part)) {
                throw TemplateException.value(
                        "sequence item %d: expected str instance, %s found"
                                .formatted(i, Values.typeName(parts.get(i))));
            }
            state.requireLength((long) out.length() + text.length() + part.length());
            state.textSteps(part.length());
            out.append(i == 0 ? "" : text).append(part);
        }
        return out.toString();
    }

    private static Method find(String name, boolean last, boolean required) {
        return (text, arguments, state) -> {
            Bound bound = arguments.bind(name, 1, "sub", "start", "end");
            String part = part(text, bound, 1);
            String sought = bound.text(0, "");
            int found = last ? part.lastIndexOf(sought) : part.indexOf(sought);
            if (found < 0) {
                if (required) {
                    throw TemplateException.value("substring not found");
                }
                return -1L;
            }
            int before =
                    bound.has(1)
                            ? position(bound.integer(1, 0), text.codePointCount(0, text.length()))
                            : 0;
            return (long) before + part.codePointCount(0, found);
        };
    }

    private static Object count(String text, Arguments arguments, RenderState state) {
        Bound bound = arguments.bind("count", 1, "sub", "start", "end");
        String part = part(text, bound, 1);
        String sought = bound.text(0, "");
        if (sought.isEmpty()) {
            return part.codePointCount(0, part.length()) + 1L;
        }
        long count = 0;
        for (int i = part.indexOf(sought); i >= 0; i = part.indexOf(sought, i + sought.length())) {
            count++;
        }
        return count;
    }

    private static Object zfill(String text, Arguments arguments, RenderState state) {
        int width = arguments.bind("zfill", 1, "width").integer(0, 0);
        int missing = width - text.codePointCount(0, text.length());
        state.requireLength(width);
        if (missing <= 0) {
            return text;
        }
        boolean signed = text.startsWith("-") || text.startsWith("+");
        return signed
                ? text.charAt(0) + "0".repeat(missing) + text.substring(1)
                : "0".repeat(missing) + text;
    }

    private static Method justify(String name, int side) {
        return (text, arguments, state) -> {
            Bound bound = arguments.bind(name, 1, "width", "fillchar");
            return justify(text, bound.integer(0, 0), bound.text(1, " "), side, state);
        };
    }

    /** Fills a text up to a width: after it (0), around it (1) or before it (2). */
    static String justify(String text, int width, String fill, int side, RenderState state) {
        state.requireLength(width);
        int missing = width - text.codePointCount(0, text.length());
        if (missing <= 0) {
            return text;
        }
        int left = side == 0 ? 0 : side == 2 ? missing : missing / 2 + (missing & width & 1);
        return fill.repeat(left) + text + fill.repeat(missing - left);
    }
}
