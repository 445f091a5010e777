package dev.longhand.study.instruction;

import dev.longhand.study.text.PythonPatterns;
import dev.longhand.study.text.PythonText;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** Instructions about words and letters. Keywords are patterns, as in lm-eval. */
final class KeywordChecks {
    static final Map<String, Function<InstructionArguments, Predicate<String>>> KINDS =
            Map.of(
                    "keywords:existence", KeywordChecks::existence,
                    "keywords:frequency", KeywordChecks::frequency,
                    "keywords:forbidden_words", KeywordChecks::forbidden,
                    "keywords:letter_frequency", KeywordChecks::letters);

    /** A character of a word in Python's patterns: combining marks are none. */
    static final String WORD = "[\\p{L}\\p{N}_]";

    private static final String EDGE = "(?:(?<=%1$s)(?!%1$s)|(?<!%1$s)(?=%1$s))".formatted(WORD);

    private KeywordChecks() {}

    private static Pattern pattern(String begin, String keyword, String end) {
        int flags = Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE;
        try {
            return PythonPatterns.of(begin + keyword + end, flags);
        } catch (PatternSyntaxException e) { // a keyword such as "f(x"
            return PythonPatterns.of(begin + Pattern.quote(keyword) + end, flags);
        }
    }

    static int count(Pattern pattern, String text) {
        return (int) pattern.matcher(text).results().count();
    }

    private static Predicate<String> existence(InstructionArguments arguments) {
        List<Pattern> keywords =
                arguments.texts("keywords").stream().map(each -> pattern("", each, "")).toList();
        return response -> keywords.stream().allMatch(each -> each.matcher(response).find());
    }

    private static Predicate<String> frequency(InstructionArguments arguments) {
        Pattern keyword = pattern("", PythonText.strip(arguments.text("keyword")), "");
        IntPredicate compared = arguments.compared("relation", "frequency");
        return response -> compared.test(count(keyword, response));
    }

    private static Predicate<String> forbidden(InstructionArguments arguments) {
        List<Pattern> words =
                arguments.texts("forbidden_words").stream()
                        .map(each -> pattern(EDGE, each, EDGE))
                        .toList();
        return response -> words.stream().noneMatch(each -> each.matcher(response).find());
    }

    private static Predicate<String> letters(InstructionArguments arguments) {
        int letter = arguments.text("letter").toLowerCase(Locale.ROOT).codePointAt(0);
        IntPredicate compared = arguments.compared("let_relation", "let_frequency");
        return response -> {
            String lower = response.toLowerCase(Locale.ROOT);
            return compared.test((int) lower.codePoints().filter(c -> c == letter).count());
        };
    }
}
