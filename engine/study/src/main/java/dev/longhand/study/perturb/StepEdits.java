package dev.longhand.study.perturb;

import dev.longhand.study.format.Span;
import dev.longhand.study.segment.Step;
import dev.longhand.study.segment.TaggedAnswer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;

/** Deletes, shuffles and replaces the steps of a thought. The text after it never changes. */
public final class StepEdits {
    private static final int BLANK_LINE = 2;

    private final TaggedAnswer answer;
    private final List<Step> steps;
    private final List<String> texts = new ArrayList<>();
    private final List<Span> removed = new ArrayList<>();
    private final List<Span> added = new ArrayList<>();
    private int end;

    private StepEdits(TaggedAnswer answer, List<Step> steps) {
        this.answer = answer;
        this.steps = steps;
        end = answer.opening().length();
    }

    /** Drops a share of the steps; without any, a blank line is left between the tags. */
    public static Perturbed delete(
            TaggedAnswer answer, List<Step> steps, double ratio, SeededStream random) {
        StepEdits edits = new StepEdits(answer, steps);
        int[] chosen = random.choose(steps.size(), ratio);
        int next = 0;
        for (int i = 0; i < steps.size(); i++) {
            if (next < chosen.length && chosen[next] == i) {
                edits.remove(i);
                next++;
            } else {
                edits.keep(steps.get(i).text());
            }
        }
        return edits.finish(chosen.length, chosen.length);
    }

    /** Permutes a share of the steps, two or more of which never all stay where they are. */
    public static Perturbed shuffle(
            TaggedAnswer answer, List<Step> steps, double ratio, SeededStream random) {
        StepEdits edits = new StepEdits(answer, steps);
        int[] chosen = random.choose(steps.size(), ratio);
        int[] permuted = permuted(chosen, random);
        int next = 0;
        int changed = 0;
        for (int i = 0; i < steps.size(); i++) {
            boolean touched = next < chosen.length && chosen[next] == i;
            int source = touched ? permuted[next++] : i;
            if (source == i) {
                edits.keep(steps.get(i).text());
            } else {
                changed++;
                edits.remove(i);
                edits.put(steps.get(source).text());
            }
        }
        return edits.finish(chosen.length, changed);
    }

    private static int[] permuted(int[] chosen, SeededStream random) {
        int[] permuted = chosen.clone();
        for (int a = permuted.length - 1; a > 0; a--) {
            int other = random.below(a + 1);
            int item = permuted[a];
            permuted[a] = permuted[other];
            permuted[other] = item;
        }
        if (permuted.length >= 2 && Arrays.equals(permuted, chosen)) {
            System.arraycopy(chosen, 1, permuted, 0, chosen.length - 1);
            permuted[chosen.length - 1] = chosen[0];
        }
        return permuted;
    }

    /**
     * Replaces a share of the steps by steps of other samples, or puts those in front.
     *
     * @param donors draws a step of another sample
     * @param keepsOriginal whether the chosen steps stay behind the new ones
     */
    public static Perturbed insert(
            TaggedAnswer answer,
            List<Step> steps,
            double ratio,
            Supplier<String> donors,
            SeededStream random,
            boolean keepsOriginal) {
        StepEdits edits = new StepEdits(answer, steps);
        int[] chosen = random.choose(steps.size(), ratio);
        int next = 0;
        int changed = 0;
        for (int i = 0; i < steps.size(); i++) {
            String original = steps.get(i).text();
            if (next == chosen.length || chosen[next] != i) {
                edits.keep(original);
                continue;
            }
            next++;
            String donated = donors.get();
            if (keepsOriginal || !donated.equals(original)) {
                changed++;
            }
            edits.put(donated);
            if (keepsOriginal) {
                edits.keep(original);
            } else {
                edits.remove(i);
            }
        }
        return edits.finish(chosen.length, changed);
    }

    private void keep(String text) {
        texts.add(text);
        end += BLANK_LINE + text.length();
    }

    private void put(String text) {
        keep(text);
        added.add(new Span(end - text.length(), end));
    }

    private void remove(int step) {
        removed.add(steps.get(step).span().shifted(answer.bodyStart()));
    }

    private Perturbed finish(int touched, int changed) {
        return new Perturbed(
                answer.withSteps(texts), steps.size(), touched, changed, removed, added);
    }
}
