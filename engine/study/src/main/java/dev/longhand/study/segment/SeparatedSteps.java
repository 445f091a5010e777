package dev.longhand.study.segment;

import dev.longhand.study.format.Span;
import dev.longhand.study.format.Steps;

import java.util.ArrayList;
import java.util.List;

/** Divides a thought at separators of five number signs, which a model or a person inserted. */
public final class SeparatedSteps {
    private SeparatedSteps() {}

    /** Returns the steps of a body that holds the separators. */
    public static List<Step> of(String body) {
        List<Step> steps = new ArrayList<>();
        for (int from = 0; from <= body.length(); ) {
            int separator = body.indexOf(Steps.SEPARATOR, from);
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

    static void add(List<Step> steps, String body, Span span) {
        Span step = span.trimmed(body);
        if (step.length() > 0) {
            steps.add(new Step(step.of(body), step));
        }
    }
}
