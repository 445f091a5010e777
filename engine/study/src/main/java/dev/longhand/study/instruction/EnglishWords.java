package dev.longhand.study.instruction;

import dev.longhand.study.text.PythonPatterns;

import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The words of an English text as the Penn Treebank divides them: clitics are words of their own.
 * Punctuation is left out.
 */
final class EnglishWords {
    private static final Pattern MARKS =
            PythonPatterns.of(
                    "[;@#$%&?!*()\\[\\]{}<>\"`\u00ab\u00bb\u2018\u2019\u201c\u201d\u201e\u2012-\u2015]"
                        + "|--|\\.{2,}|''|[:,](?!\\d)|(?<!\\.)\\.(?=['\\s]*$)");
    private static final Pattern OPENING =
            Pattern.compile(
                    "(?<!%1$s)'(?!(?:re|ve|ll|m|t|s|d|n)(?!%1$s))(?=%1$s)"
                            .formatted(KeywordChecks.WORD),
                    Pattern.CASE_INSENSITIVE);
    private static final Pattern APOSTROPHE = Pattern.compile("([^'])' ");
    private static final Pattern SHORT_CLITIC = PythonPatterns.of("([^' ])('[sS]|'[mM]|'[dD]|') ");
    private static final Pattern LONG_CLITIC =
            PythonPatterns.of("([^' ])('ll|'LL|'re|'RE|'ve|'VE|n't|N'T) ");
    private static final Pattern JOINED =
            PythonPatterns.of(
                    "\\b(?:(can)(not)|(d)('ye)|(gim)(me)|(gon)(na)|(got)(ta)|(lem)(me)|(more)('n)"
                            + "|(wan)(na)(?=\\s))(?!%1$s)".formatted(KeywordChecks.WORD),
                    Pattern.CASE_INSENSITIVE);
    private static final Pattern OLD =
            PythonPatterns.of("(?<= )('t)(is|was)\\b", Pattern.CASE_INSENSITIVE);

    private static final Pattern SPACE = PythonPatterns.of("\\s+");

    private EnglishWords() {}

    static List<String> of(String text) {
        return Sentences.of(text).stream().flatMap(EnglishWords::inSentence).toList();
    }

    private static Stream<String> inSentence(String text) {
        String words = MARKS.matcher(text).replaceAll(" ");
        words = OPENING.matcher(words).replaceAll(" ");
        words = " " + SPACE.matcher(words).replaceAll(" ") + " ";
        words = APOSTROPHE.matcher(words).replaceAll("$1 ' ");
        words = SHORT_CLITIC.matcher(words).replaceAll("$1 $2 ");
        words = LONG_CLITIC.matcher(words).replaceAll("$1 $2 ");
        words = JOINED.matcher(words).replaceAll(EnglishWords::parted);
        words = OLD.matcher(words).replaceAll("$1 $2");
        return SPACE.splitAsStream(words.strip());
    }

    private static String parted(MatchResult word) {
        StringBuilder parts = new StringBuilder();
        for (int i = 1; i <= word.groupCount(); i++) {
            parts.append(word.group(i) == null ? "" : word.group(i) + " ");
        }
        return parts.toString();
    }
}
