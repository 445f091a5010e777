package dev.longhand.study.perturb;

import dev.longhand.study.answer.BoxedAnswer;
import dev.longhand.study.format.Span;
import dev.longhand.study.segment.TaggedAnswer;

import java.util.List;
import java.util.Objects;

/** Checks a model's rewriting of a message, which must only be shorter. */
final class Rewriting {
    /** A rewriting that keeps less has lost the reasoning. */
    private static final double SHARE_MIN = 0.2;

    private Rewriting() {}

    /**
     * Whether a text may replace a message: each tag once and in order, 20 to 100 % of the length,
     * and the same last box.
     */
    static boolean accepts(String message, String rewritten) {
        return TaggedAnswer.isComplete(rewritten)
                && rewritten.length() >= SHARE_MIN * message.length()
                && rewritten.length() <= message.length()
                && Objects.equals(BoxedAnswer.last(message), BoxedAnswer.last(rewritten));
    }

    /** The change from a message to another text, as one part between a common start and end. */
    static Perturbed change(String before, String after) {
        int shorter = Math.min(before.length(), after.length());
        int start = 0;
        while (start < shorter && before.charAt(start) == after.charAt(start)) {
            start++;
        }
        int tail = 0;
        while (tail < shorter - start
                && before.charAt(before.length() - 1 - tail)
                        == after.charAt(after.length() - 1 - tail)) {
            tail++;
        }
        return new Perturbed(
                after,
                1,
                1,
                before.equals(after) ? 0 : 1,
                List.of(new Span(start, before.length() - tail)),
                List.of(new Span(start, after.length() - tail)));
    }
}
