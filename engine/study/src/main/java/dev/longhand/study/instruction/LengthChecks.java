package dev.longhand.study.instruction;

import dev.longhand.study.text.PythonPatterns;
import dev.longhand.study.text.PythonText;

import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** Instructions about the number of words, sentences and paragraphs. */
final class LengthChecks {
    static final Map<String, Function<InstructionArguments, Predicate<String>>> KINDS =
            Map.of(
                    "length_constraints:number_words", LengthChecks::words,
                    "length_constraints:number_sentences", LengthChecks::sentences,
                    "length_constraints:number_paragraphs", LengthChecks::paragraphs,
                    "length_constraints:nth_paragraph_first_word", LengthChecks::firstWord);

    private static final Pattern WORDS = PythonPatterns.of(KeywordChecks.WORD + "+");
    private static final Pattern DIVIDER = PythonPatterns.of("\\s?\\*\\*\\*\\s?");
    private static final Pattern BLANK_LINE = Pattern.compile("\n\n");
    private static final String WORD_ENDS = ".,?!'\"";

    private LengthChecks() {}

    private static Predicate<String> words(InstructionArguments arguments) {
        IntPredicate compared = arguments.compared("relation", "num_words");
        return response -> compared.test(KeywordChecks.count(WORDS, response));
    }

    private static Predicate<String> sentences(InstructionArguments arguments) {
        IntPredicate compared = arguments.compared("relation", "num_sentences");
        return response -> compared.test(Sentences.count(response));
    }

    /** Parts between dividers; only the first and the last may be blank, and do not count then. */
    private static Predicate<String> paragraphs(InstructionArguments arguments) {
        int wanted = arguments.number("num_paragraphs");
        return response -> {
            String[] parts = DIVIDER.split(response, -1);
            int count = parts.length;
            for (int i = 0; i < parts.length; i++) {
                if (PythonText.strip(parts[i]).isEmpty()) {
                    if (i > 0 && i < parts.length - 1) {
                        return false;
                    }
                    count--;
                }
            }
            return count == wanted;
        };
    }

    private static Predicate<String> firstWord(InstructionArguments arguments) {
        int wanted = arguments.number("num_paragraphs");
        int nth = arguments.number("nth_paragraph");
        String first = arguments.text("first_word").toLowerCase(Locale.ROOT);
        return response -> {
            String[] parts = BLANK_LINE.split(response, -1);
            int count = 0;
            for (String part : parts) {
                count += PythonText.strip(part).isEmpty() ? 0 : 1;
            }
            return count == wanted
                    && nth >= 1
                    && nth <= count
                    && firstWord(parts[nth - 1]).equals(first);
        };
    }

    /** The first word of a paragraph in lower case, up to its first punctuation mark. */
    private static String firstWord(String paragraph) {
        String text = PythonText.strip(paragraph);
        int start = 0;
        int end = 0;
        while (end < text.length() && !PythonText.isSpace(text.charAt(end))) {
            end++;
        }
        while (start < end && text.charAt(start) == '\'') {
            start++;
        }
        while (start < end && text.charAt(start) == '"') {
            start++;
        }
        int stop = start;
        while (stop < end && WORD_ENDS.indexOf(text.charAt(stop)) < 0) {
            stop++;
        }
        return text.substring(start, stop).toLowerCase(Locale.ROOT);
    }
}
