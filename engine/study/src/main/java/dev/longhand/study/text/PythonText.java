package dev.longhand.study.text;

/** Operations on text with the meaning that they have in Python. */
public final class PythonText {
    private PythonText() {}

    /** Whether {@code str.isspace} holds for a character. */
    public static boolean isSpace(char c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == '\u0085';
    }

    /** Removes white space from both ends, as {@code str.strip} does. */
    public static String strip(String text) {
        int start = 0;
        while (start < text.length() && isSpace(text.charAt(start))) {
            start++;
        }
        return stripEnd(text.substring(start));
    }

    /** Removes white space from the end, as {@code str.rstrip} does. */
    public static String stripEnd(String text) {
        int end = text.length();
        while (end > 0 && isSpace(text.charAt(end - 1))) {
            end--;
        }
        return text.substring(0, end);
    }

    /** Whether all cased characters are upper case, and there are some, as {@code str.isupper}. */
    public static boolean isUpper(String text) {
        return text.codePoints().anyMatch(Character::isUpperCase)
                && text.codePoints()
                        .noneMatch(c -> Character.isLowerCase(c) || Character.isTitleCase(c));
    }

    /** Whether all cased characters are lower case, and there are some, as {@code str.islower}. */
    public static boolean isLower(String text) {
        return text.codePoints().anyMatch(Character::isLowerCase)
                && text.codePoints()
                        .noneMatch(c -> Character.isUpperCase(c) || Character.isTitleCase(c));
    }
}
