package dev.longhand.study.answer;

import java.util.ArrayList;
import java.util.List;

/** Splits answers at characters that stand outside all brackets. */
final class TopLevel {
    private TopLevel() {}

    /** Splits a text at a character, without spaces at the edges of the parts. */
    static List<String> split(String text, char at) {
        return split(text, String.valueOf(at));
    }

    /** Splits a text at a mark, such as a command, without spaces at the edges of the parts. */
    static List<String> split(String text, String mark) {
        List<String> parts = new ArrayList<>();
        int depth = 0;
        int start = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (opens(c)) {
                depth++;
            } else if (closes(c)) {
                depth--;
            } else if (depth <= 0 && text.startsWith(mark, i)) {
                parts.add(text.substring(start, i).strip());
                start = i + mark.length();
            }
        }
        parts.add(text.substring(start).strip());
        return parts;
    }

    /** Whether the first bracket of a text is closed by its last character. */
    static boolean isEnclosed(String text) {
        if (text.length() < 2
                || !opens(text.charAt(0))
                || !closes(text.charAt(text.length() - 1))) {
            return false;
        }
        int depth = 0;
        for (int i = 0; i < text.length() - 1; i++) {
            depth += opens(text.charAt(i)) ? 1 : closes(text.charAt(i)) ? -1 : 0;
            if (depth == 0) {
                return false;
            }
        }
        return true;
    }

    private static boolean opens(char c) {
        return c == '(' || c == '[' || c == '{';
    }

    private static boolean closes(char c) {
        return c == ')' || c == ']' || c == '}';
    }
}
