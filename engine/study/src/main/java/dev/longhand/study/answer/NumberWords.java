package dev.longhand.study.answer;

import org.jspecify.annotations.Nullable;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** English number words: "twenty-one" is 21. */
final class NumberWords {
    /** Longer integers stay as they are. */
    private static final int DIGITS_MAX = 1000;

    private static final String POINT = "point";

    private static final Map<String, Long> VALUES = values();

    /** Large first. */
    private static final List<String> SCALES = List.of("billion", "million", "thousand");

    private NumberWords() {}

    private static Map<String, Long> values() {
        Map<String, Long> values = new HashMap<>();
        String small =
                "zero one two three four five six seven eight nine ten eleven twelve thirteen"
                        + " fourteen fifteen sixteen seventeen eighteen nineteen";
        for (String word : small.split(" ", -1)) {
            values.put(word, (long) values.size());
        }
        long ten = 20;
        for (String word : "twenty thirty forty fifty sixty seventy eighty ninety".split(" ", -1)) {
            values.put(word, ten);
            ten += 10;
        }
        values.put("hundred", 100L);
        values.put("thousand", 1000L);
        values.put("million", 1_000_000L);
        values.put("billion", 1_000_000_000L);
        return Map.copyOf(values);
    }

    /**
     * Returns the number that a text names, as digits; the text itself if it names none. A text of
     * digits loses its leading zeros.
     *
     * @param anyOtherWords whether words that are no number words are passed over
     */
    static String digits(String text, boolean anyOtherWords) {
        String words = text.replace('-', ' ').toLowerCase(Locale.ROOT);
        if (words.length() <= DIGITS_MAX
                && !words.isEmpty()
                && words.chars().allMatch(Character::isDigit)) {
            return Integers.parse(words).toString();
        }
        List<String> known = new ArrayList<>();
        for (String word : words.strip().split("\\s+", -1)) {
            if (VALUES.containsKey(word) || word.equals(POINT)) {
                known.add(word);
            } else if (!anyOtherWords && !word.equals("and")) {
                return text;
            }
        }
        String number = known.isEmpty() ? null : number(known);
        return number == null ? text : number;
    }

    private static @Nullable String number(List<String> words) {
        int point = words.indexOf(POINT);
        if (point != words.lastIndexOf(POINT)) {
            return null;
        }
        List<String> whole = point < 0 ? words : words.subList(0, point);
        Long value = whole(whole);
        if (value == null) {
            return null;
        }
        if (point < 0 || point == words.size() - 1) {
            return value.toString();
        }
        StringBuilder fraction = new StringBuilder();
        for (String digit : words.subList(point + 1, words.size())) {
            long each = VALUES.getOrDefault(digit, 10L);
            if (each > 9) {
                return null;
            }
            fraction.append(each);
        }
        return new BigDecimal(value + "." + fraction).stripTrailingZeros().toPlainString();
    }

    private static @Nullable Long whole(List<String> words) {
        if (words.size() == 1) {
            return VALUES.get(words.getFirst());
        }
        long total = 0;
        int from = 0;
        for (String scale : SCALES) {
            int at = words.indexOf(scale);
            if (at != words.lastIndexOf(scale) || (at >= 0 && at < from)) {
                return null;
            }
            if (at >= 0) {
                total += formed(words.subList(from, at)) * VALUES.getOrDefault(scale, 1L);
                from = at + 1;
            }
        }
        return from < words.size() ? total + formed(words.subList(from, words.size())) : total;
    }

    /** The value of a group below a thousand, such as "two hundred thirty four". */
    private static long formed(List<String> words) {
        List<Long> values = words.stream().map(word -> VALUES.getOrDefault(word, 0L)).toList();
        return switch (values.size()) {
            case 0 -> 1;
            case 2 ->
                    values.contains(100L)
                            ? values.get(0) * values.get(1)
                            : values.get(0) + values.get(1);
            case 3 -> values.get(0) * values.get(1) + values.get(2);
            case 4 -> values.get(0) * values.get(1) + values.get(2) + values.get(3);
            default -> values.get(0);
        };
    }
}
