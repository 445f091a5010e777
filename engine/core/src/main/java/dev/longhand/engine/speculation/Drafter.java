package dev.longhand.engine.speculation;

import dev.longhand.engine.generation.Speculation;

/**
 * Guesses the next tokens of one sequence and how many of them to check in the next step. How often
 * a guess comes true is counted for every token, checked in a step or not, by the length of the
 * match: a sequence whose repetitions lead nowhere is found out without computing a row for it.
 */
public final class Drafter {
    /** The most guesses that one step checks for a sequence. */
    public static final int DRAFT_MAX = 15;

    /**
     * Matches of so many tokens or more are counted together, up to the next number; what is
     * assumed of them before anything is known, and the weight of that in tokens.
     */
    private static final int[] LENGTHS = {2, 3, 4, 6, 9, 16};

    private static final float[] ASSUMED = {0.2f, 0.3f, 0.4f, 0.5f, 0.6f, 0.7f};
    private static final float ASSUMED_WEIGHT = 4;

    /** Counts are halved here, so that they follow the text. */
    private static final int TRIES_MAX = 32;

    /** With {@link Speculation#ON}, a guess less likely than this is not checked. */
    private static final float CHANCE_LEAST = 0.25f;

    /** With {@link Speculation#AUTO}, what a draft must promise; step times are noisy. */
    private static final double GAIN_LEAST = 1.05;

    private final boolean always;
    private final SuffixIndex index;
    private final float[] hits = new float[LENGTHS.length];
    private final float[] tries = new float[LENGTHS.length];

    /**
     * A drafter for one sequence.
     *
     * @param mode not {@link Speculation#OFF}
     * @param tokensMax the longest that the sequence can become
     */
    public Drafter(Speculation mode, int tokensMax) {
        always = mode == Speculation.ON;
        index = new SuffixIndex(tokensMax);
    }

    /** Takes in a token of the prompt. */
    public void observePrompt(int token) {
        index.append(token);
    }

    /** Takes in a token that was generated. */
    public void observe(int token) {
        if (index.matched() > 0) {
            int length = lengthClass(index.matched());
            hits[length] += index.guess(0) == token ? 1 : 0;
            tries[length]++;
            if (tries[length] == TRIES_MAX) {
                hits[length] /= 2;
                tries[length] /= 2;
            }
        }
        index.append(token);
    }

    private static int lengthClass(int matched) {
        int last = LENGTHS.length - 1;
        while (last > 0 && matched < LENGTHS[last]) {
            last--;
        }
        return last;
    }

    private float chance(int matched) {
        int length = lengthClass(matched);
        return (hits[length] + ASSUMED_WEIGHT * ASSUMED[length]) / (tries[length] + ASSUMED_WEIGHT);
    }

    /**
     * Decides how many guesses to check in a step, and adds them to its costs.
     *
     * @param costs the step as planned so far, this sequence's own row included
     * @param most the most guesses that there is room for
     */
    public int plan(StepCostModel costs, int most) {
        if (index.matched() == 0) {
            return 0;
        }
        int best = 0;
        double bestTokens = 0;
        double bestGain = GAIN_LEAST;
        double chance = 1;
        double tokens = 0;
        for (int length = 1; length <= Math.min(most, DRAFT_MAX); length++) {
            chance *= chance(index.matched() + length - 1);
            tokens += chance;
            double gain = always ? bestGain : costs.gain(length, tokens);
            if (always ? chance >= CHANCE_LEAST : gain > bestGain) {
                best = length;
                bestTokens = tokens;
                bestGain = gain;
            }
        }
        costs.add(best, bestTokens);
        return best;
    }

    /** Guess number {@code ahead} from 0. */
    public int guess(int ahead) {
        return index.guess(ahead);
    }
}
