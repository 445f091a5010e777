package dev.longhand.jinja;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Python's {@code %} of a text: {@code s r d i f x X o c e g} and {@code %%}. */
final class PercentFormat {
    private static final Pattern PLACE =
            Pattern.compile("%(\\(([^)]*)\\))?([-+ 0#]*)(\\d{0,6})(\\.(\\d{1,3}))?([a-zA-Z%])");

    private PercentFormat() {}

    static String format(String format, Object value, RenderState state) {
        List<Object> values = value instanceof Tuple tuple ? tuple.items() : List.of(value);
        Matcher places = PLACE.matcher(format);
        StringBuilder out = new StringBuilder();
        int at = 0;
        int used = 0;
        while (places.find()) {
            out.append(format, at, places.start());
            at = places.end();
            if (places.group(7).equals("%")) {
                out.append('%');
                continue;
            }
            Object item;
            if (places.group(2) != null) {
                item = keyed(value, places.group(2));
            } else if (used < values.size()) {
                item = values.get(used++);
            } else {
                throw TemplateException.value("not enough arguments for format string");
            }
            String text = converted(places, item);
            state.requireLength((long) out.length() + text.length());
            state.textSteps(text.length());
            out.append(text);
        }
        if (format.indexOf('%', at) >= 0) {
            throw TemplateException.value("unsupported format character");
        }
        if (used < values.size() && !(value instanceof Map)) {
            throw TemplateException.value("not all arguments converted during string formatting");
        }
        return out.append(format, at, format.length()).toString();
    }

    private static Object keyed(Object value, String key) {
        @Nullable Object item = value instanceof Map<?, ?> map ? map.get(key) : null;
        if (item != null) {
            return item;
        }
        throw TemplateException.value("format requires a mapping with the key '" + key + "'");
    }

    private static String converted(Matcher place, Object item) {
        String flags = place.group(3);
        int precision = place.group(6) == null ? -1 : Integer.parseInt(place.group(6));
        char conversion = place.group(7).charAt(0);
        String text =
                switch (conversion) {
                    case 's', 'r', 'a' -> {
                        String whole =
                                conversion == 's' ? PythonText.text(item) : PythonText.repr(item);
                        yield precision >= 0 && precision < whole.length()
                                ? whole.substring(0, precision)
                                : whole;
                    }
                    case 'd', 'i', 'u' -> PythonNumbers.integer(truncated(item)).toString();
                    case 'x' -> PythonNumbers.integer(truncated(item)).toString(16);
                    case 'X' ->
                            PythonNumbers.integer(truncated(item))
                                    .toString(16)
                                    .toUpperCase(Locale.ROOT);
                    case 'o' -> PythonNumbers.integer(truncated(item)).toString(8);
                    case 'f', 'F' -> FloatFormat.fixed(real(item), precision < 0 ? 6 : precision);
                    case 'e', 'E' ->
                            FloatFormat.exponential(real(item), precision < 0 ? 6 : precision);
                    case 'g', 'G' -> FloatFormat.general(real(item), precision < 0 ? 6 : precision);
                    default ->
                            throw TemplateException.value(
                                    "unsupported format character '" + conversion + "'");
                };
        boolean isNumber = "sra".indexOf(conversion) < 0;
        if (isNumber && !text.startsWith("-") && flags.indexOf('+') >= 0) {
            text = "+" + text;
        } else if (isNumber && !text.startsWith("-") && flags.indexOf(' ') >= 0) {
            text = " " + text;
        }
        int width = place.group(4).isEmpty() ? 0 : Integer.parseInt(place.group(4));
        return filled(text, width, flags, isNumber);
    }

    private static String filled(String text, int width, String flags, boolean isNumber) {
        int missing = Math.max(0, width - text.codePointCount(0, text.length()));
        if (flags.indexOf('-') >= 0) {
            return text + " ".repeat(missing);
        }
        if (isNumber && flags.indexOf('0') >= 0) {
            int sign = !text.isEmpty() && "+- ".indexOf(text.charAt(0)) >= 0 ? 1 : 0;
            return text.substring(0, sign) + "0".repeat(missing) + text.substring(sign);
        }
        return " ".repeat(missing) + text;
    }

    private static Object truncated(Object item) {
        Undefined.require(item);
        if (item instanceof Double number) {
            return PythonNumbers.normal(FloatFormat.truncated(number));
        }
        if (PythonNumbers.isInteger(item)) {
            return item;
        }
        throw TemplateException.value(
                "%d format: a real number is required, not " + Values.typeName(item));
    }

    private static double real(Object item) {
        Undefined.require(item);
        if (PythonNumbers.isNumber(item)) {
            return PythonNumbers.real(item);
        }
        throw TemplateException.value("must be real number, not " + Values.typeName(item));
    }
}
