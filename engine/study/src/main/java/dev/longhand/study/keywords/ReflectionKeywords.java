package dev.longhand.study.keywords;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The phrases by which a chain of thought looks back at itself. The study on long chains of thought
 * that users reproduce counts such phrases too; its list is not public, and this one holds what its
 * published outputs admit.
 */
public final class ReflectionKeywords {
    /** The phrases; longest first, so that of two that begin alike the longer is counted. */
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

    /** Which list it is: SHA-256 of the phrases, one a line, its first 16 hexadecimal digits. */
    public static final String LIST_HASH = hash(String.join("\n", PHRASES));

    /** Each phrase is a group, numbered from 1; ASCII letters alone make a longer word of it. */
    static final Pattern PATTERN =
            Pattern.compile(
                    "(?<![a-zA-Z])(?:(" + String.join(")|(", PHRASES) + "))(?![a-zA-Z])",
                    Pattern.CASE_INSENSITIVE);

    private ReflectionKeywords() {}

    /** How often they occur in a text, left to right without overlap, as whole words. */
    public static long count(String text) {
        return PATTERN.matcher(text).results().count();
    }

    private static String hash(String list) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            byte[] bytes = digest.digest(list.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(bytes, 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
