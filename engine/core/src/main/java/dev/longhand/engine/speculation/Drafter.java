package dev.longhand.engine.speculation;

import dev.longhand.engine.generation.Speculation;

/**
 * Predicts the next tokens of one sequence (draft tokens) and decides how many of them the next
 * step verifies. The hit rate per match length counts every token, whether a step verified a draft
 * token for it or not. So misleading repetitions are recognised without computing a row for them.
 */
public final class Drafter {
    /** The most draft tokens that one step verifies for a sequence. */
    public static final int DRAFT_MAX = 15;

    /** The shortest match, in tokens, of each length class. */
    private static final int[] LENGTHS = {2, 3, 4, 6, 9, 16};

    /** The hit rate of each length class before the first token. */
    private static final float[] ASSUMED = {0.2f, 0.3f, 0.4f, 0.5f, 0.6f, 0.7f};

    /** The weight of the assumed hit rate, in tokens. */
    private static final float ASSUMED_WEIGHT = 4;

    /** Counts are halved when they reach this number, so that hit rates follow the text. */
    private static final int TRIES_MAX = 32;

    /** With {@link Speculation#ON}, the least probability of a draft token that is verified. */
    private static final float CHANCE_LEAST = 0.25f;

    /**
     * With {@link Speculation#AUTO}, the least predicted speed-up of a draft; above 1, since step
     * times are noisy.
     */
    private static final double GAIN_LEAST = 1.05;

    private final boolean always;
    private final SuffixIndex index;
    private final float[] hits = new float[LENGTHS.length];
    private final float[] tries = new float[LENGTHS.length];

    /**
     * Creates the drafter of one sequence.
     *
     * @param mode not {@link Speculation#OFF}
     * @param tokensMax the most tokens of the sequence, prompt and output
     */
    public Drafter(Speculation mode, int tokensMax) {
        always = mode == Speculation.ON;
        index = new SuffixIndex(tokensMax);
    }

    /** Appends a prompt token; it does not count for hit rates. */
    public void observePrompt(int token) {
        index.append(token);
    }

    /** Appends an output token. */
    public void observe(int token) {
        if (index.matched() > 0) {
            int length = lengthClass(index.matched());
            hits[length] += index.draftToken(0) == token ? 1 : 0;
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
     * Decides how many draft tokens a step verifies, and adds them to the planned step.
     *
     * @param costs the step as planned so far, including the row of this sequence's last token
     * @param most the most draft tokens for which the step has room
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

    /**
     * Returns draft token {@code position}, counted from 0, of those that {@link #plan} allowed.
     */
    public int draftToken(int position) {
        return index.draftToken(position);
    }
}
