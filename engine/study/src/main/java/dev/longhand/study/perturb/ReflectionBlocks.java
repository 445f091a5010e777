package dev.longhand.study.perturb;

import dev.longhand.study.format.Span;
import dev.longhand.study.segment.Paragraphs;
import dev.longhand.study.segment.ReflectionSteps;
import dev.longhand.study.segment.TaggedAnswer;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Drops the reflection steps of a thought, each with the paragraph before it where the reflection
 * takes that back: a deterministic stand-in for a model that rewrites the thought. The first
 * paragraph always stays.
 */
public final class ReflectionBlocks {
    /** Openings that take back the paragraph before; the others turn to something new. */
    private static final List<String> REVISIONS =
            List.of("but wait", "wait", "hmm", "hold on", "actually", "on second thought");

    private ReflectionBlocks() {}

    /** Drops all reflection steps of a thought. */
    public static Perturbed drop(TaggedAnswer answer) {
        List<Span> paragraphs = Paragraphs.of(answer.body());
        boolean[] dropped = new boolean[paragraphs.size()];
        boolean inReflection = false;
        int steps = 0;
        for (int i = 1; i < dropped.length; i++) {
            String paragraph = paragraphs.get(i).of(answer.body());
            if (ReflectionSteps.opensStep(paragraph)) {
                inReflection = true;
                steps++;
                dropped[i - 1] |= i > 1 && takesBack(paragraph);
            }
            dropped[i] |= inReflection;
        }
        List<String> kept = new ArrayList<>();
        List<Span> removed = new ArrayList<>();
        for (int i = 0; i < dropped.length; i++) {
            if (dropped[i]) {
                removed.add(paragraphs.get(i).shifted(answer.bodyStart()));
            } else {
                kept.add(paragraphs.get(i).of(answer.body()));
            }
        }
        return new Perturbed(answer.withSteps(kept), steps, steps, steps, removed, List.of());
    }

    private static boolean takesBack(String paragraph) {
        String start = paragraph.toLowerCase(Locale.ROOT);
        return REVISIONS.stream().anyMatch(start::startsWith);
    }
}
