package dev.longhand.study.segment;

import dev.longhand.study.format.Span;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Divides a thought into steps: a paragraph that opens with a reflection begins a new one. */
public final class ReflectionSteps {
    /** The openings; a letter after one of them makes it another word. */
    public static final List<String> OPENINGS =
            List.of(
                    "but wait",
                    "wait",
                    "alternatively",
                    "however",
                    "hmm",
                    "hold on",
                    "let me",
                    "actually",
                    "another approach",
                    "another way",
                    "on second thought",
                    "maybe i should",
                    "perhaps i should");

    private static final String BLANK_LINE = "\n\n";

    private ReflectionSteps() {}

    /** Returns the steps of a thought's body in order. */
    public static List<Step> of(String body) {
        List<Step> steps = new ArrayList<>();
        List<Span> step = new ArrayList<>();
        for (Span paragraph : Paragraphs.of(body)) {
            if (!step.isEmpty() && opensStep(paragraph.of(body))) {
                steps.add(step(body, step));
                step.clear();
            }
            step.add(paragraph);
        }
        if (!step.isEmpty()) {
            steps.add(step(body, step));
        }
        return steps;
    }

    /** Whether a paragraph begins with a reflection. */
    public static boolean opensStep(String paragraph) {
        String start =
                paragraph.substring(0, Math.min(paragraph.length(), 20)).toLowerCase(Locale.ROOT);
        return OPENINGS.stream()
                .anyMatch(
                        opening ->
                                start.startsWith(opening)
                                        && (paragraph.length() == opening.length()
                                                || !Character.isLetter(
                                                        paragraph.codePointAt(opening.length()))));
    }

    /** Joins paragraphs, each trimmed, to a step. */
    static Step step(String body, List<Span> paragraphs) {
        List<String> texts = paragraphs.stream().map(each -> each.of(body)).toList();
        return new Step(
                String.join(BLANK_LINE, texts),
                new Span(paragraphs.getFirst().start(), paragraphs.getLast().end()));
    }
}
