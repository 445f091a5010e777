package dev.longhand.study.keywords;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.Sha256;

import java.util.Comparator;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A list of phrases and its search: any case, as whole words, the longest phrase first, without
 * overlap.
 */
public final class KeywordList {
    /** The {@link ReflectionKeywords}. */
    public static final KeywordList REFLECTION = new KeywordList(ReflectionKeywords.PHRASES);

    private final List<String> phrases;
    private final Pattern pattern;

    private KeywordList(List<String> phrases) {
        this.phrases = phrases;
        pattern =
                Pattern.compile(
                        phrases.stream()
                                .map(Pattern::quote)
                                .collect(
                                        Collectors.joining(
                                                "|", "(?<![a-zA-Z])(?:", ")(?![a-zA-Z])")),
                        Pattern.CASE_INSENSITIVE);
    }

    /**
     * Creates a list of other phrases.
     *
     * @throws InputException if it is empty or has a blank phrase
     */
    public static KeywordList of(List<String> phrases) {
        if (phrases.isEmpty() || phrases.stream().anyMatch(String::isBlank)) {
            throw new InputException("a list of keywords needs phrases, none of them blank");
        }
        return new KeywordList(
                phrases.stream()
                        .map(String::strip)
                        .distinct()
                        .sorted(Comparator.comparingInt(String::length).reversed())
                        .toList());
    }

    /** Identifies the list: the first 16 hexadecimal digits of the SHA-256 of its lines. */
    public String hash() {
        return Sha256.hex(String.join("\n", phrases)).substring(0, 16);
    }

    /** Returns the mentions in a text, from left to right. */
    public List<MatchResult> mentions(CharSequence text) {
        return pattern.matcher(text).results().toList();
    }
}
