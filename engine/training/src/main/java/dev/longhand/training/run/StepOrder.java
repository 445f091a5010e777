package dev.longhand.training.run;

import dev.longhand.engine.error.InputException;
import dev.longhand.training.data.Demonstration;
import dev.longhand.training.model.TrainingSequence;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The demonstrations of each step. The order of an epoch is a function of seed and epoch, so a run
 * that resumes needs the number of its step only.
 */
final class StepOrder {
    private final List<Demonstration> demonstrations;
    private final Batches batches;
    private final int stepsPerEpoch;
    private long epochOfOrder = -1;
    private int[] order = {};

    StepOrder(List<Demonstration> demonstrations, Batches batches) {
        this.demonstrations = demonstrations;
        this.batches = batches;
        int count = demonstrations.size();
        stepsPerEpoch =
                batches.remainder()
                        ? Math.ceilDiv(count, batches.sequences())
                        : count / batches.sequences();
        if (stepsPerEpoch == 0) {
            throw new InputException(
                    ("%d demonstrations do not fill a step of %d sequences, and the remainder"
                                    + " of an epoch is to be dropped")
                            .formatted(count, batches.sequences()));
        }
    }

    int stepsPerEpoch() {
        return stepsPerEpoch;
    }

    /** Returns the number of all steps. */
    long total() {
        Integer steps = batches.steps();
        return steps != null ? steps : (long) batches.epochs() * stepsPerEpoch;
    }

    /** Returns the demonstrations of a step, from 0. */
    List<Demonstration> step(long step) {
        long epoch = step / stepsPerEpoch;
        if (epoch != epochOfOrder) {
            order = order(epoch);
            epochOfOrder = epoch;
        }
        int from = (int) (step % stepsPerEpoch) * batches.sequences();
        int end = Math.min(order.length, from + batches.sequences());
        return Arrays.stream(order, from, end).mapToObj(demonstrations::get).toList();
    }

    private int[] order(long epoch) {
        int[] shuffled = IntStream.range(0, demonstrations.size()).toArray();
        if (batches.shuffle()) {
            SplitMix64 random = new SplitMix64(batches.seed() + ":shuffle:" + epoch);
            for (int i = shuffled.length - 1; i > 0; i--) {
                int other = random.below(i + 1);
                int swapped = shuffled[i];
                shuffled[i] = shuffled[other];
                shuffled[other] = swapped;
            }
        }
        return shuffled;
    }

    /** Returns the number of tokens from a step on to the end. */
    long tokensFrom(long first) {
        long tokens = 0;
        for (long step = first; step < total(); step++) {
            tokens += tokens(step(step));
        }
        return tokens;
    }

    static long tokens(List<Demonstration> demonstrations) {
        return demonstrations.stream().mapToLong(each -> each.ids().length).sum();
    }

    static long labels(List<Demonstration> demonstrations) {
        return demonstrations.stream().mapToLong(Demonstration::labels).sum();
    }

    /**
     * Returns the sequences of a step. The weights of their labels come from the whole step, so
     * accumulation cannot change them.
     */
    List<TrainingSequence> sequences(long step, List<Demonstration> drawn) {
        SplitMix64 keys = new SplitMix64(batches.seed() + ":dropout:" + step);
        double all = drawn.stream().mapToDouble(this::weight).sum();
        List<TrainingSequence> sequences = new ArrayList<>();
        for (Demonstration each : drawn) {
            double weight =
                    switch (batches.normalisation()) {
                        case SEQUENCE -> 1.0 / (weight(each) * drawn.size());
                        case TOKEN -> 1.0 / all;
                    };
            double promptWeight = weight * batches.promptLossWeight();
            sequences.add(each.sequence(weight, promptWeight, keys.next()));
        }
        return sequences;
    }

    /** Returns the weight of a demonstration whose labels weigh 1. */
    private double weight(Demonstration demonstration) {
        return demonstration.labels() + batches.promptLossWeight() * demonstration.promptTokens();
    }

    /** Returns the micro-batch with the most tokens. */
    List<Demonstration> largestMicroBatch() {
        List<Demonstration> largest = List.of();
        long most = 0;
        for (long step = 0; step < total(); step++) {
            List<Demonstration> drawn = step(step);
            for (int from = 0; from < drawn.size(); from += batches.microBatch()) {
                int end = Math.min(drawn.size(), from + batches.microBatch());
                List<Demonstration> part = drawn.subList(from, end);
                if (tokens(part) > most) {
                    most = tokens(part);
                    largest = part;
                }
            }
        }
        return largest;
    }
}
