package dev.longhand.study.answer;

/** The final answer of a solution in LaTeX: {@code \boxed{408}}. */
public final class BoxedAnswer {
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
}
