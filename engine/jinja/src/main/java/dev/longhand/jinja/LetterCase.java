package dev.longhand.jinja;

import java.util.Locale;

/** Upper and lower case as Python's str has them, and its classes of characters. */
final class LetterCase {
    private LetterCase() {}

    static String capitalize(String text) {
        if (text.isEmpty()) {
            return text;
        }
        int first = text.offsetByCodePoints(0, 1);
        return titled(text.codePointAt(0)) + text.substring(first).toLowerCase(Locale.ROOT);
    }

    private static String titled(int c) {
        int title = Character.toTitleCase(c);
        return title == c && Character.isLowerCase(c)
                ? capitalExpansion(c)
                : Character.toString(title);
    }

    /** Returns the capital of a letter like ß, of which Java knows no single one. */
    private static String capitalExpansion(int c) {
        String upper = Character.toString(c).toUpperCase(Locale.ROOT);
        return upper.isEmpty() || upper.length() == 1
                ? upper
                : upper.charAt(0) + upper.substring(1).toLowerCase(Locale.ROOT);
    }

    static String title(String text) {
        StringBuilder out = new StringBuilder();
        boolean inWord = false;
        for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
            int c = text.codePointAt(i);
            out.append(inWord ? Character.toString(Character.toLowerCase(c)) : titled(c));
            inWord = Character.isLetter(c);
        }
        return out.toString();
    }

    static String swap(String text) {
        StringBuilder out = new StringBuilder();
        text.codePoints()
                .forEach(
                        c -> {
                            String letter = Character.toString(c);
                            out.append(
                                    Character.isUpperCase(c)
                                            ? letter.toLowerCase(Locale.ROOT)
                                            : letter.toUpperCase(Locale.ROOT));
                        });
        return out.toString();
    }

    static String fold(String text) {
        return text.toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT);
    }

    static boolean isUpper(String text) {
        return text.codePoints().anyMatch(Character::isUpperCase)
                && text.codePoints().noneMatch(Character::isLowerCase);
    }

    static boolean isLower(String text) {
        return text.codePoints().anyMatch(Character::isLowerCase)
                && text.codePoints().noneMatch(Character::isUpperCase);
    }

    static boolean isTitle(String text) {
        return title(text).equals(text) && text.codePoints().anyMatch(Character::isLetter);
    }

    static boolean isDigit(int c) {
        return Character.isDigit(c)
                || c == 0xb2
                || c == 0xb3
                || c == 0xb9
                || (c >= 0x2070 && c <= 0x2089 && c != 0x2071);
    }

    static boolean isNumeric(int c) {
        int type = Character.getType(c);
        return Character.isDigit(c)
                || type == Character.OTHER_NUMBER
                || type == Character.LETTER_NUMBER;
    }

    static boolean isLetterOrNumber(int c) {
        return Character.isLetter(c) || isNumeric(c);
    }
}
