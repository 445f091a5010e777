package dev.longhand.training.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.longhand.training.data.Demonstration;
import dev.longhand.training.model.TrainingSequence;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.util.ArrayList;
import java.util.List;

/** The demonstrations of each step, and the weights of their labels. */
class StepOrderTest {
    private static List<Demonstration> data(int count) {
        List<Demonstration> demonstrations = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            demonstrations.add(
                    new Demonstration(
                            "data:" + i, new int[4 + i], new int[] {1 + i % 2, 4 + i}, true));
        }
        return demonstrations;
    }

    @Test
    void everyEpochHasAnOrderOfItsOwn() {
        StepOrder order =
                new StepOrder(
                        data(7),
                        new Batches(1, 3, 2, null, Batches.Normalisation.TOKEN, 0, true, 42, true));
        assertEquals(3, order.stepsPerEpoch());
        assertEquals(6, order.total());
        List<List<String>> epochs = new ArrayList<>();
        for (int epoch = 0; epoch < 2; epoch++) {
            List<String> sources = new ArrayList<>();
            for (int step = 0; step < 3; step++) {
                order.step(epoch * 3L + step).forEach(each -> sources.add(each.source()));
            }
            epochs.add(sources);
            assertEquals(7, sources.stream().distinct().count());
        }
        assertNotEquals(epochs.get(0), epochs.get(1));
        assertEquals(2 * (4 + 5 + 6 + 7 + 8 + 9 + 10), order.tokensFrom(0));
    }

    @Test
    void theOrderOfTheFileStaysAndTheRemainderIsDropped() {
        StepOrder order =
                new StepOrder(
                        data(7),
                        new Batches(
                                3, 1, 2, null, Batches.Normalisation.TOKEN, 0, false, 1, false));
        assertEquals(4, order.total());
        assertEquals(
                List.of("data:3", "data:4", "data:5"),
                order.step(3).stream().map(Demonstration::source).toList());
        assertEquals(
                List.of("data:3", "data:4", "data:5"),
                order.largestMicroBatch().stream().map(Demonstration::source).toList());
    }

    /** Their prompts have 0, 1 and 0 tokens, the first of each apart. */
    @ParameterizedTest
    @EnumSource
    void promptsAreWeighedWithTheLabels(Batches.Normalisation normalisation) {
        StepOrder order =
                new StepOrder(
                        data(3), new Batches(2, 2, 1, null, normalisation, 0.5, false, 42, true));
        List<Double> labels =
                switch (normalisation) {
                    case SEQUENCE -> List.of(1.0 / 9, 1.0 / 10.5, 1.0 / 15);
                    case TOKEN -> List.of(1.0 / 11.5, 1.0 / 11.5, 1.0 / 11.5);
                };
        List<TrainingSequence> sequences = order.sequences(0, order.step(0));
        assertEquals(labels, sequences.stream().map(TrainingSequence::labelWeight).toList());
        assertEquals(
                labels.stream().map(each -> each / 2).toList(),
                sequences.stream().map(TrainingSequence::promptWeight).toList());
    }

    /** A step of 3 demonstrations with 3, 3 and 5 labels. */
    @ParameterizedTest
    @EnumSource
    void labelsAreWeighedByTheWholeStep(Batches.Normalisation normalisation) {
        StepOrder order =
                new StepOrder(
                        data(3), new Batches(2, 2, 1, null, normalisation, 0, false, 42, true));
        assertEquals(
                switch (normalisation) {
                    case SEQUENCE -> List.of(1.0 / 9, 1.0 / 9, 1.0 / 15);
                    case TOKEN -> List.of(1.0 / 11, 1.0 / 11, 1.0 / 11);
                },
                order.sequences(0, order.step(0)).stream()
                        .map(TrainingSequence::labelWeight)
                        .toList());
    }
}
