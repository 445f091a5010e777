package dev.longhand.app.stories;

import dev.longhand.engine.file.Sha256;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntFunction;

/**
 * A question with four options that differ in one number, as {@code evaluate --plain} compares
 * them. Three of the numbers are near the right one.
 *
 * @param question the text before an option
 * @param options the texts
 * @param right the index of the right option
 */
record Choices(String question, List<String> options, int right) {
    private static final int COUNT = 4;
    private static final List<Integer> SLIPS = List.of(-20, -10, -3, -2, -1, 1, 2, 3, 10, 20);

    Choices {
        options = List.copyOf(options);
    }

    /** Asks a story's question; the options are answers without a thought. */
    static Choices ofAnswer(Story story) {
        return of(story.question(), story.answer(), Story::directAnswer);
    }

    /**
     * Leaves off a story's thought, as plain text, before the result of its last change; the
     * options are results.
     */
    static Choices ofStep(Story story) {
        Story.Step last = story.steps().getLast();
        String equation = last.change().equation(last.before(), last.operand()) + ".";
        String text = story.document();
        String result = last.after() + ".";
        int end = text.indexOf(equation) + equation.length() - result.length();
        return of(text.substring(0, end), last.after(), number -> number + ".");
    }

    private static Choices of(String question, int number, IntFunction<String> option) {
        SplittableRandom random =
                new SplittableRandom(
                        ByteBuffer.wrap(Sha256.bytes("options:" + question)).getLong());
        List<Integer> slips =
                new ArrayList<>(SLIPS.stream().filter(each -> number + each > 0).toList());
        Collections.shuffle(slips, random);
        List<Integer> numbers =
                new ArrayList<>(
                        slips.stream().limit(COUNT - 1).map(slip -> number + slip).toList());
        int right = random.nextInt(COUNT);
        numbers.add(right, number);
        return new Choices(question, numbers.stream().map(option::apply).toList(), right);
    }

    /** The letter of the right option. */
    String letter() {
        return Character.toString('A' + right);
    }
}
