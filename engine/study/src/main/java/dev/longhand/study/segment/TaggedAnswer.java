package dev.longhand.study.segment;

import java.util.List;
import java.util.Optional;

/**
 * An answer in the four-tag layout, cut at its thought. The three parts are the whole answer.
 *
 * @param opening the text up to the end of the first begin tag
 * @param body the thought between the tags, with the white space at its ends
 * @param rest the end tag and the text after it; empty if the end tag is missing
 */
public record TaggedAnswer(String opening, String body, String rest) {
    public static final String THOUGHT_BEGIN = "<|begin_of_thought|>";
    public static final String THOUGHT_END = "<|end_of_thought|>";
    public static final String SOLUTION_BEGIN = "<|begin_of_solution|>";
    public static final String SOLUTION_END = "<|end_of_solution|>";

    /** The four tags in their order. */
    public static final List<String> TAGS =
            List.of(THOUGHT_BEGIN, THOUGHT_END, SOLUTION_BEGIN, SOLUTION_END);

    private static final String BLANK_LINE = "\n\n";

    /** Cuts an answer; empty if it has no begin tag. */
    public static Optional<TaggedAnswer> parse(String answer) {
        int begin = answer.indexOf(THOUGHT_BEGIN);
        if (begin < 0) {
            return Optional.empty();
        }
        int from = begin + THOUGHT_BEGIN.length();
        int end = answer.indexOf(THOUGHT_END, from);
        int to = end < 0 ? answer.length() : end;
        return Optional.of(
                new TaggedAnswer(
                        answer.substring(0, from),
                        answer.substring(from, to),
                        answer.substring(to)));
    }

    /** Lays out a thought and a solution between the four tags. */
    public static String layOut(String thought, String solution) {
        return String.join(
                BLANK_LINE,
                THOUGHT_BEGIN,
                thought,
                THOUGHT_END,
                SOLUTION_BEGIN,
                solution,
                SOLUTION_END);
    }

    /** Whether a text holds each of the four tags once, in their order. */
    public static boolean isComplete(String answer) {
        int at = 0;
        for (String tag : TAGS) {
            int found = answer.indexOf(tag);
            if (found < at || answer.indexOf(tag, found + 1) >= 0) {
                return false;
            }
            at = found + tag.length();
        }
        return true;
    }

    /** The index of the body's first character in the answer. */
    public int bodyStart() {
        return opening.length();
    }

    /** The answer with other steps in its thought, set apart by blank lines. */
    public String withSteps(List<String> steps) {
        StringBuilder text = new StringBuilder(opening);
        for (String step : steps) {
            text.append(BLANK_LINE).append(step);
        }
        if (!rest.isEmpty()) {
            text.append(BLANK_LINE);
        }
        return text.append(rest).toString();
    }
}
