package dev.longhand.study.answer;

import dev.longhand.study.text.PythonPatterns;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Which units of measure are deleted from an answer. */
public enum Units {
    /** The words and letters of Qwen2.5-Math's evaluation, also where they are variables. */
    QWEN {
        @Override
        String without(String answer) {
            String rest = answer;
            for (int pass = 0; pass < 2; pass++) {
                for (Word word : QwenWords.ALL) {
                    rest = word.without(rest);
                }
            }
            return rest;
        }
    },
    /** Units of several letters after a number. */
    SAFE {
        @Override
        String without(String answer) {
            Matcher matcher = SafeWords.AFTER_NUMBER.matcher(answer);
            return answer.length() <= SafeWords.CHARACTERS_MAX && matcher.matches()
                    ? matcher.group(1).strip()
                    : answer;
        }
    },
    /** None. */
    NONE {
        @Override
        String without(String answer) {
            return answer;
        }
    };

    /** Returns an answer without its units. */
    abstract String without(String answer);

    /**
     * A unit between characters that do not belong to words.
     *
     * @param plain the unit, up to its first dot
     * @param pattern for a unit with dots, which stand for any character; else null
     */
    private record Word(String plain, @Nullable Pattern pattern) {
        static Word of(String word) {
            int dot = word.indexOf('.');
            return dot < 0
                    ? new Word(word, null)
                    : new Word(
                            word.substring(0, dot),
                            PythonPatterns.of("(^|\\W)" + word + "($|\\W)"));
        }

        String without(String answer) {
            int at = answer.indexOf(plain);
            if (at < 0) {
                return answer;
            }
            return pattern == null
                    ? withoutPlain(answer, at)
                    : pattern.matcher(answer).replaceAll("$1$2");
        }

        /** A match takes the characters beside the word with it, so that the next needs others. */
        private String withoutPlain(String answer, int first) {
            StringBuilder rest = new StringBuilder();
            int taken = 0;
            for (int at = first; at >= 0; ) {
                int end = at + plain.length();
                boolean bordered =
                        (at == 0 || (at > taken && !isWord(answer.codePointBefore(at))))
                                && (end == answer.length() || !isWord(answer.codePointAt(end)));
                if (bordered) {
                    int next = Math.min(answer.length(), end + 1);
                    rest.append(answer, taken, at).append(answer, end, next);
                    taken = next;
                }
                at = answer.indexOf(plain, bordered ? taken : at + 1);
            }
            return rest.append(answer, taken, answer.length()).toString();
        }

        private static boolean isWord(int character) {
            return Character.isLetterOrDigit(character) || character == '_';
        }
    }

    private static final class QwenWords {
        private static final List<Word> ALL = read();

        private static List<Word> read() {
            List<String> words = new ArrayList<>();
            try (InputStream in = Units.class.getResourceAsStream("qwen-units.txt")) {
                byte[] bytes = Objects.requireNonNull(in).readAllBytes();
                new String(bytes, StandardCharsets.UTF_8).lines().forEach(words::add);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return Stream.concat(words.stream(), words.stream().map(word -> word + "s"))
                    .map(Word::of)
                    .toList();
        }
    }

    private static final class SafeWords {
        private static final int CHARACTERS_MAX = 200;

        private static final String NUMBER =
                "[-+]?[0-9][0-9.,]*|[-+]?\\\\frac\\{[0-9]+\\}\\{[0-9]+\\}|[-+]?[0-9]+/[0-9]+";

        private static final String WORDS =
                "mm|cm|dm|km|millimet(?:er|re)s?|centimet(?:er|re)s?|kilomet(?:er|re)s?|met(?:er|re)s?"
                    + "|in|inch(?:es)?|ft|feet|foot|yards?|yd|miles?|acres?|hectares?"
                    + "|mg|kg|grams?|kilograms?|tons?|lbs?|pounds?|oz|ounces?"
                    + "|ml|mL|lit(?:er|re)s?|gallons?|quarts?|pints?|cups?"
                    + "|secs?|seconds?|min|mins|minutes?|hrs?|hours?|days?|weeks?|months?|years?|yrs?"
                    + "|degs?|degrees?|rad|radians?|mph|kmh|km/h|m/s|ft/s"
                    + "|dollars?|cents?|euros?|rupees?|bucks|percent|pct"
                    + "|units?|apples?|people|students?|ways?|coins?|points?|times|square|sq|cubic|cu|per";

        private static final Pattern AFTER_NUMBER =
                Pattern.compile(
                        "(%s)(?:[\\s~]*(?:%s)\\.?(?:\\^\\{?[23]\\}?)?)+".formatted(NUMBER, WORDS));
    }
}
