package dev.longhand.kernels.sampling;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.longhand.kernels.tensor.HostTensor;

import java.lang.foreign.MemorySegment;

/**
 * Sampling over logits in host memory. One pass finds the maximum and trips on NaN; top-k keeps a
 * bounded heap in a second. Nothing sorts the whole vocabulary unless top-p alone asks for a
 * nucleus that large.
 */
public final class HostSampler {
    /** First guess at the size of a nucleus; it grows eightfold until the mass suffices. */
    private static final int NUCLEUS_GUESS = 64;

    private HostSampler() {}

    /**
     * Draws a token for each of the first {@code count} slots that counts, in their order; uses the
     * logits up.
     */
    public static void sample(HostTensor logits, SampleSlot[] slots, int count) {
        for (int i = 0; i < count; i++) {
            if (!slots[i].counts()) {
                continue;
            }
            try {
                sample(logits.data(), i * logits.shape().width(), slots[i]);
            } catch (NonFiniteLogitsException e) {
                slots[i].fail(e); // one sequence's trouble is not its neighbours'
            }
        }
    }

    private static void sample(MemorySegment logits, long first, SampleSlot slot) {
        int best = best(logits, first, slot.vocabulary());
        if (slot.reported() > 0) {
            report(logits, first, slot, logits.getAtIndex(JAVA_FLOAT, first + best));
        }
        SamplingParams params = slot.params();
        bias(logits, first, slot);
        if (params.penalises()) {
            penalise(logits, first, slot);
        }
        if (params.penalises() || slot.biases().length > 0) {
            best = best(logits, first, slot.vocabulary());
        }
        slot.draw(params.temperature() == 0 ? best : draw(logits, first, slot, best));
    }

    /** The smallest token among those with the largest logit. */
    private static int best(MemorySegment logits, long first, int vocabulary) {
        int best = 0;
        float max = Float.NEGATIVE_INFINITY;
        for (int token = 0; token < vocabulary; token++) {
            float logit = logits.getAtIndex(JAVA_FLOAT, first + token);
            if (!(Math.abs(logit) <= Float.MAX_VALUE)) {
                throw new NonFiniteLogitsException(token, logit);
            }
            if (logit > max) {
                max = logit;
                best = token;
            }
        }
        return best;
    }

    private static void report(MemorySegment logits, long first, SampleSlot slot, float max) {
        long mass = mass(logits, first, slot.vocabulary(), max, Weight.scale(1));
        double normaliser = Weight.normaliser(max, mass);
        TopCandidates top = slot.candidates();
        top.select(logits, first, slot.vocabulary(), slot.reported());
        for (int rank = 0; rank < slot.reported(); rank++) {
            slot.report(rank, top.token(rank), top.logit(rank), normaliser);
        }
    }

    private static long mass(
            MemorySegment logits, long first, int vocabulary, float max, float scale) {
        long mass = 0;
        for (int token = 0; token < vocabulary; token++) {
            mass += Weight.of(logits.getAtIndex(JAVA_FLOAT, first + token), max, scale);
        }
        return mass;
    }

    private static void bias(MemorySegment logits, long first, SampleSlot slot) {
        int[] tokens = slot.biasTokens();
        for (int i = 0; i < tokens.length; i++) {
            long at = first + tokens[i];
            float logit = logits.getAtIndex(JAVA_FLOAT, at);
            logits.setAtIndex(JAVA_FLOAT, at, logit + slot.biases()[i]);
        }
    }

    private static void penalise(MemorySegment logits, long first, SampleSlot slot) {
        float repetition = slot.params().repetitionPenalty();
        float frequency = slot.params().frequencyPenalty();
        float presence = slot.params().presencePenalty();
        int[] occurrences = slot.occurrences();
        for (int word = 0; word < slot.seen().length; word++) {
            for (long seen = slot.seen()[word]; seen != 0; seen &= seen - 1) {
                int bit = Long.numberOfTrailingZeros(seen);
                int token = word * Long.SIZE + bit;
                float logit = logits.getAtIndex(JAVA_FLOAT, first + token);
                logit = logit > 0 ? logit / repetition : logit * repetition;
                if ((slot.generated()[word] >>> bit & 1) != 0) {
                    logit -= occurrences.length == 0 ? 0 : frequency * occurrences[token];
                    logit -= presence;
                }
                logits.setAtIndex(JAVA_FLOAT, first + token, logit);
            }
        }
    }

    private static int draw(MemorySegment logits, long first, SampleSlot slot, int best) {
        SamplingParams params = slot.params();
        float max = logits.getAtIndex(JAVA_FLOAT, first + best);
        float scale = Weight.scale(params.temperature());
        TopCandidates top = slot.candidates();
        if (params.topK() == 0 && params.topP() == 1) {
            return drawKept(logits, first, slot, max, Float.NEGATIVE_INFINITY, 0);
        }
        int kept;
        if (params.topK() > 0) {
            top.select(logits, first, slot.vocabulary(), params.topK());
            kept = nucleus(top, max, scale, wanted(mass(top, max, scale), params));
        } else {
            kept = selectNucleus(logits, first, slot, max);
        }
        return drawKept(logits, first, slot, max, top.logit(kept - 1), top.token(kept - 1));
    }

    /** Among all tokens up to the last of the kept ones in rank, less what min-p drops. */
    private static int drawKept(
            MemorySegment logits,
            long first,
            SampleSlot slot,
            float max,
            float lastLogit,
            int lastToken) {
        float scale = Weight.scale(slot.params().temperature());
        long least = Weight.least(slot.params().minP());
        StrideMasses strides = slot.strides();
        strides.clear();
        for (int token = 0; token < slot.vocabulary(); token++) {
            float logit = logits.getAtIndex(JAVA_FLOAT, first + token);
            if (logit > lastLogit || (logit == lastLogit && token <= lastToken)) {
                long weight = Weight.of(logit, max, scale);
                strides.add(token, weight >= least ? weight : 0);
            }
        }
        long left = Philox.below(strides.total(), slot.params().seed(), slot.position());
        int token = 0;
        for (; left >= strides.mass(token); token++) {
            left -= strides.mass(token);
        }
        for (; ; token += StrideMasses.STRIDES) {
            float logit = logits.getAtIndex(JAVA_FLOAT, first + token);
            if (logit > lastLogit || (logit == lastLogit && token <= lastToken)) {
                long weight = Weight.of(logit, max, scale);
                left -= weight >= least ? weight : 0;
                if (left < 0) {
                    return token;
                }
            }
        }
    }

    private static int selectNucleus(MemorySegment logits, long first, SampleSlot slot, float max) {
        float scale = Weight.scale(slot.params().temperature());
        TopCandidates top = slot.candidates();
        long mass = mass(logits, first, slot.vocabulary(), max, scale);
        long wanted = wanted(mass, slot.params());
        for (int guess = NUCLEUS_GUESS; ; guess *= 8) {
            top.select(logits, first, slot.vocabulary(), guess);
            int size = nucleus(top, max, scale, wanted);
            if (size < top.count() || top.count() == slot.vocabulary()) {
                return size;
            }
        }
    }

    private static long wanted(long mass, SamplingParams params) {
        return Weight.part(mass, Weight.fraction(params.topP()));
    }

    private static long mass(TopCandidates top, float max, float scale) {
        long mass = 0;
        for (int rank = 0; rank < top.count(); rank++) {
            mass += Weight.of(top.logit(rank), max, scale);
        }
        return mass;
    }

    /** How many of the best candidates it takes to reach a mass. */
    private static int nucleus(TopCandidates top, float max, float scale, long wanted) {
        long mass = 0;
        for (int rank = 0; rank < top.count(); rank++) {
            mass += Weight.of(top.logit(rank), max, scale);
            if (mass >= wanted) {
                return rank + 1;
            }
        }
        return top.count();
    }
}
