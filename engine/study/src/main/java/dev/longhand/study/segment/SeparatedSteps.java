package dev.longhand.study.segment;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Divides a thought at separators of five number signs, which a model or a person inserted. */
public final class SeparatedSteps {
    public static final String SEPARATOR = "#####";

    private SeparatedSteps() {}

    /** Returns the steps of a body that holds the separators. */
    public static List<Step> of(String body) {
        List<Step> steps = new ArrayList<>();
        for (int from = 0; from <= body.length(); ) {
            int separator = body.indexOf(SEPARATOR, from);
            int to = separator < 0 ? body.length() : separator;
            add(steps, body, new Span(from, to));
            from = separator < 0 ? body.length() + 1 : pastSigns(body, separator);
        }
        return steps;
    }

    /** A longer row of number signs is one separator. */
    private static int pastSigns(String text, int from) {
        int at = from;
        while (at < text.length() && text.charAt(at) == '#') {
            at++;
        }
        return at;
    }

    /**
     * Returns the steps of a body according to a copy of it with separators. The copy may differ
     * from the body in white space only.
     *
     * @return empty if the copy has other characters
     */
    public static Optional<List<Step>> ofCopy(String body, String copy) {
        List<Step> steps = new ArrayList<>();
        int begin = 0;
        int at = 0;
        for (Step part : of(copy)) {
            for (int i = 0; i < part.text().length(); i++) {
                char wanted = part.text().charAt(i);
                if (Character.isWhitespace(wanted)) {
                    continue;
                }
                at = pastSpace(body, at);
                if (at == body.length() || body.charAt(at) != wanted) {
                    return Optional.empty();
                }
                at++;
            }
            add(steps, body, new Span(begin, at));
            begin = at;
        }
        return pastSpace(body, at) == body.length() ? Optional.of(steps) : Optional.empty();
    }

    private static int pastSpace(String text, int from) {
        int at = from;
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
            at++;
        }
        return at;
    }

    static void add(List<Step> steps, String body, Span span) {
        Span step = span.trimmed(body);
        if (step.length() > 0) {
            steps.add(new Step(step.of(body), step));
        }
    }
}
