package dev.longhand.engine.cli;

import java.util.List;
import java.util.regex.Pattern;

/**
 * Counts the phrases by which a chain of thought looks back at itself. The study on long chains of
 * thought that users reproduce counts such phrases too; its list is not public, and this one holds
 * what its published outputs admit.
 */
final class ReflectionKeywords {
    /** Longest first, so that of two that begin alike the longer is counted. */
    private static final List<String> PHRASES =
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

    private static final Pattern PATTERN =
            Pattern.compile(
                    "(?<![a-zA-Z])(?:" + String.join("|", PHRASES) + ")(?![a-zA-Z])",
                    Pattern.CASE_INSENSITIVE);

    private ReflectionKeywords() {}

    /** How often they occur in a text, left to right without overlap, as whole words. */
    static long count(String text) {
        return PATTERN.matcher(text).results().count();
    }
}
