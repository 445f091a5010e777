package dev.longhand.study.segment;

import dev.longhand.engine.file.Sha256;
import dev.longhand.study.format.Span;
import dev.longhand.study.format.Steps;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Where the steps of one thought are, without its text: as ranges of characters, or as the places
 * of separators in a copy of the thought. A copy may differ from the thought in white space only.
 */
public final class StepMarks {
    private final @Nullable List<Span> spans;
    private final int[] ends; // of the copy's steps, in characters that are no white space
    private final String inkHash;

    private StepMarks(@Nullable List<Span> spans, int[] ends, String inkHash) {
        this.spans = spans;
        this.ends = ends;
        this.inkHash = inkHash;
    }

    /** Takes the marks of a line of a steps file. */
    public static StepMarks of(Steps steps) {
        if (steps.text() != null) {
            return ofCopy(steps.text());
        }
        List<Span> spans = steps.spans() == null ? List.of() : steps.spans();
        return new StepMarks(spans, new int[0], "");
    }

    /** Takes the marks of a copy that holds separators. */
    public static StepMarks ofCopy(String copy) {
        List<Step> steps = SeparatedSteps.of(copy);
        StringBuilder ink = new StringBuilder();
        int[] ends = new int[steps.size()];
        for (int i = 0; i < ends.length; i++) {
            ink.append(ink(steps.get(i).text()));
            ends[i] = ink.length();
        }
        return new StepMarks(null, ends, Sha256.hex(ink.toString()));
    }

    /** The characters of a text that are no white space. */
    private static String ink(String text) {
        StringBuilder ink = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            if (!Character.isWhitespace(text.charAt(i))) {
                ink.append(text.charAt(i));
            }
        }
        return ink.toString();
    }

    /**
     * Divides a thought's body.
     *
     * @return empty if the marks are not of this body
     */
    public Optional<List<Step>> divide(String body) {
        List<Step> steps = new ArrayList<>();
        if (spans != null) {
            for (Span span : spans) {
                if (span.end() > body.length()) {
                    return Optional.empty();
                }
                SeparatedSteps.add(steps, body, span);
            }
            return Optional.of(steps);
        }
        if (!Sha256.hex(ink(body)).equals(inkHash)) {
            return Optional.empty();
        }
        int[] inked =
                IntStream.range(0, body.length())
                        .filter(i -> !Character.isWhitespace(body.charAt(i)))
                        .toArray();
        int from = 0;
        for (int end : ends) {
            int to = inked[end - 1] + 1;
            SeparatedSteps.add(steps, body, new Span(from, to));
            from = to;
        }
        return Optional.of(steps);
    }
}
