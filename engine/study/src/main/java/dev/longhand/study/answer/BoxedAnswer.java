package dev.longhand.study.answer;

import org.jspecify.annotations.Nullable;

/** The final answer of a solution in LaTeX: {@code \boxed{408}}. */
public final class BoxedAnswer {
    private static final String BOXED = "boxed";

    private BoxedAnswer() {}

    /**
     * Returns whether a text contains the answer in a box, anywhere and with exactly these
     * characters.
     *
     * @param answer the content of the box, without the braces
     */
    public static boolean contains(String text, String answer) {
        return text.contains("\\boxed{" + answer + "}");
    }

    /**
     * Returns the content of the last box: up to the balancing brace, or, without braces, up to the
     * next dollar sign.
     *
     * @return null if the text has no box
     */
    public static @Nullable String last(String text) {
        int box = text.lastIndexOf(BOXED);
        return box < 0 ? null : content(text.substring(box + BOXED.length()));
    }

    private static String content(String after) {
        if (!after.startsWith("{")) {
            int dollar = after.indexOf('$');
            return (dollar < 0 ? after : after.substring(0, dollar)).strip();
        }
        int depth = 1;
        for (int i = 1; i < after.length(); i++) {
            char c = after.charAt(i);
            depth += c == '{' ? 1 : c == '}' ? -1 : 0;
            if (depth == 0) {
                return after.substring(1, i);
            }
        }
        return after.substring(1);
    }
}
