package dev.longhand.app.stories;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** Makes up {@link Story stories}; a seed gives the same ones everywhere. */
final class StoryTeller {
    private static final int AMOUNT_MAX = 99;

    private static final List<String> NAMES =
            List.of(
                    "Ana", "Ben", "Carla", "David", "Emma", "Felix", "Grace", "Hugo", "Ivy",
                    "Jonas", "Kara", "Leo", "Mia", "Noah", "Olga", "Paul");

    private static final List<String> THINGS =
            List.of(
                    "apples",
                    "books",
                    "coins",
                    "stamps",
                    "pencils",
                    "marbles",
                    "cards",
                    "shells",
                    "cookies",
                    "stickers");

    private static final List<String> STARTS =
            List.of(
                    "{n} has {a} {t}.",
                    "{n} starts with {a} {t}.",
                    "There are {a} {t} in {n}'s box.");

    private static final List<String> QUESTIONS =
            List.of(
                    "How many {t} does {n} have now?",
                    "How many {t} are left?",
                    "How many {t} are there in the end?");

    private final SplittableRandom random;
    private final List<Integer> lengths;

    /**
     * Creates a source of stories.
     *
     * @param lengths the numbers of steps, of which each story draws one
     */
    StoryTeller(long seed, List<Integer> lengths) {
        random = new SplittableRandom(seed);
        this.lengths = List.copyOf(lengths);
    }

    private <T> T pick(List<T> choices) {
        return choices.get(random.nextInt(choices.size()));
    }

    private Story.Step step(int amount, String name, String thing) {
        while (true) {
            Change change =
                    pick(
                            List.of(
                                    Change.ADD,
                                    Change.ADD,
                                    Change.SUBTRACT,
                                    Change.SUBTRACT,
                                    Change.MULTIPLY,
                                    Change.DIVIDE));
            int operand =
                    switch (change) {
                        case ADD -> 1 + random.nextInt(20);
                        case SUBTRACT -> 1 + random.nextInt(Math.min(20, amount));
                        case MULTIPLY -> 2 + random.nextInt(3);
                        case DIVIDE ->
                                pick(
                                        IntStream.rangeClosed(1, 5)
                                                .filter(each -> amount % each == 0)
                                                .boxed()
                                                .toList());
                    };
            int after = change.apply(amount, operand);
            if (after > 0 && after <= AMOUNT_MAX && !(change == Change.DIVIDE && operand == 1)) {
                String sentence =
                        fill(pick(change.sentences()), name, thing).replace("{b}", "" + operand);
                return new Story.Step(amount, change, operand, sentence);
            }
        }
    }

    private static String fill(String text, String name, String thing) {
        return text.replace("{n}", name).replace("{t}", thing);
    }

    /** Returns the next story. */
    Story next() {
        int length = pick(lengths);
        String name = pick(NAMES);
        String thing = pick(THINGS);
        int start = 2 + random.nextInt(19);
        List<String> sentences = new ArrayList<>();
        sentences.add(fill(pick(STARTS), name, thing).replace("{a}", "" + start));
        List<Story.Step> steps = new ArrayList<>();
        for (int amount = start; steps.size() < length; amount = steps.getLast().after()) {
            steps.add(step(amount, name, thing));
            sentences.add(steps.getLast().sentence());
        }
        sentences.add(fill(pick(QUESTIONS), name, thing));
        return new Story(String.join(" ", sentences), start, steps);
    }
}
