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

    /** Draws a token for each of the first {@code count} slots; uses the logits up. */
    public static void sample(HostTensor logits, SampleSlot[] slots, int count) {
        for (int i = 0; i < count; i++) {
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
        if (params.penalises()) {
            penalise(logits, first, slot);
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
        double mass = mass(logits, first, slot.vocabulary(), max, 1);
        double normaliser = max + Math.log(mass);
        TopCandidates top = slot.candidates();
        top.select(logits, first, slot.vocabulary(), slot.reported());
        for (int rank = 0; rank < slot.reported(); rank++) {
            slot.report(rank, top.token(rank), (float) (top.logit(rank) - normaliser));
        }
    }

    private static double mass(
            MemorySegment logits, long first, int vocabulary, float max, double temperature) {
        double mass = 0;
        for (int token = 0; token < vocabulary; token++) {
            mass += weight(logits.getAtIndex(JAVA_FLOAT, first + token), max, temperature);
        }
        return mass;
    }

    private static double weight(float logit, float max, double temperature) {
        return Math.exp(((double) logit - max) / temperature);
    }

    private static void penalise(MemorySegment logits, long first, SampleSlot slot) {
        float repetition = slot.params().repetitionPenalty();
        for (int i = 0; i < slot.distinctCount(); i++) {
            int token = slot.distinct(i);
            float logit = logits.getAtIndex(JAVA_FLOAT, first + token);
            logit = logit > 0 ? logit / repetition : logit * repetition;
            if (slot.generated(token)) {
                logit -= slot.params().presencePenalty();
            }
            logits.setAtIndex(JAVA_FLOAT, first + token, logit);
        }
    }

    private static int draw(MemorySegment logits, long first, SampleSlot slot, int best) {
        SamplingParams params = slot.params();
        float max = logits.getAtIndex(JAVA_FLOAT, first + best);
        double uniform = Philox.uniform(params.seed(), slot.position());
        if (params.topK() == 0 && params.topP() == 1) {
            return drawFromAll(logits, first, slot, max, uniform);
        }
        TopCandidates top = slot.candidates();
        if (params.topK() > 0) {
            top.select(logits, first, slot.vocabulary(), params.topK());
            double kept = mass(top, max, params.temperature());
            top.truncate(nucleus(top, max, params.temperature(), params.topP() * kept));
        } else {
            selectNucleus(logits, first, slot, max);
        }
        return drawFrom(top, params, max, uniform);
    }

    /** The whole vocabulary in token order, less what min-p drops. */
    private static int drawFromAll(
            MemorySegment logits, long first, SampleSlot slot, float max, double uniform) {
        double temperature = slot.params().temperature();
        float minP = slot.params().minP();
        double mass = 0;
        for (int token = 0; token < slot.vocabulary(); token++) {
            double weight = weight(logits.getAtIndex(JAVA_FLOAT, first + token), max, temperature);
            mass += weight >= minP ? weight : 0;
        }
        double left = uniform * mass;
        int last = 0;
        for (int token = 0; token < slot.vocabulary(); token++) {
            double weight = weight(logits.getAtIndex(JAVA_FLOAT, first + token), max, temperature);
            if (weight >= minP && weight > 0) {
                last = token;
                left -= weight;
                if (left < 0) {
                    return token;
                }
            }
        }
        return last; // rounding left a crumb
    }

    private static void selectNucleus(
            MemorySegment logits, long first, SampleSlot slot, float max) {
        SamplingParams params = slot.params();
        TopCandidates top = slot.candidates();
        double wanted =
                params.topP() * mass(logits, first, slot.vocabulary(), max, params.temperature());
        for (int guess = NUCLEUS_GUESS; ; guess *= 8) {
            top.select(logits, first, slot.vocabulary(), guess);
            int size = nucleus(top, max, params.temperature(), wanted);
            if (size < top.count() || top.count() == slot.vocabulary()) {
                top.truncate(size);
                return;
            }
        }
    }

    private static double mass(TopCandidates top, float max, double temperature) {
        double mass = 0;
        for (int rank = 0; rank < top.count(); rank++) {
            mass += weight(top.logit(rank), max, temperature);
        }
        return mass;
    }

    /** How many of the best candidates it takes to reach a mass. */
    private static int nucleus(TopCandidates top, float max, double temperature, double wanted) {
        double mass = 0;
        for (int rank = 0; rank < top.count(); rank++) {
            mass += weight(top.logit(rank), max, temperature);
            if (mass >= wanted) {
                return rank + 1;
            }
        }
        return top.count();
    }

    private static int drawFrom(
            TopCandidates top, SamplingParams params, float max, double uniform) {
        double mass = 0;
        int kept = 0;
        while (kept < top.count()
                && weight(top.logit(kept), max, params.temperature()) >= params.minP()) {
            mass += weight(top.logit(kept), max, params.temperature());
            kept++;
        }
        double left = uniform * mass;
        for (int rank = 0; rank < kept; rank++) {
            left -= weight(top.logit(rank), max, params.temperature());
            if (left < 0) {
                return top.token(rank);
            }
        }
        return top.token(Math.max(0, kept - 1));
    }
}
