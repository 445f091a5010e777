package dev.longhand.study.keywords;

import dev.longhand.engine.file.Sha256;

import java.util.List;
import java.util.regex.Pattern;

/**
 * Phrases that mark reflection in a chain of thought. The study counts such phrases, but its list
 * is not public; this list is consistent with its published outputs.
 */
public final class ReflectionKeywords {
    /** The phrases, longest first: of two that start at the same character the longer counts. */
    public static final List<String> PHRASES =
            List.of(
                    "let me just double-check",
                    "let me double-check",
                    "let me double check",
                    "let me reconsider",
                    "on second thought",
                    "another approach",
                    "let me verify",
                    "alternatively",
                    "let me check",
                    "let me think",
                    "double-check",
                    "double check",
                    "let me try",
                    "let me see",
                    "hold on",
                    "perhaps",
                    "maybe",
                    "wait",
                    "hmm");

    /** Identifies the list: the first 16 hexadecimal digits of the SHA-256 of its lines. */
    public static final String LIST_HASH = Sha256.hex(String.join("\n", PHRASES)).substring(0, 16);

    /** Matches a phrase that no ASCII letter extends; phrase i is group i + 1. */
    static final Pattern PATTERN =
            Pattern.compile(
                    "(?<![a-zA-Z])(?:(" + String.join(")|(", PHRASES) + "))(?![a-zA-Z])",
                    Pattern.CASE_INSENSITIVE);

    private ReflectionKeywords() {}

    /** Counts occurrences as whole words, left to right without overlap. */
    public static long count(String text) {
        return PATTERN.matcher(text).results().count();
    }
}
