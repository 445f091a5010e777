package dev.longhand.kernels.sampling;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.longhand.kernels.tensor.HostTensor;

import java.lang.foreign.MemorySegment;

/**
 * Sampling over logits in host memory. One pass finds the maximum and fails on NaN and infinity;
 * top-k keeps a bounded heap in a second pass. The whole vocabulary is sorted only if top-p alone
 * asks for a nucleus that large.
 */
public final class HostSampler {
    /**
     * The first nucleus size tried; each next one is eight times larger, until the mass suffices.
     */
    private static final int NUCLEUS_FIRST = 64;

    private HostSampler() {}

    /**
     * Samples a token for each of the first {@code count} states, in order; skips states for which
     * {@link SamplerState#counts} is false. Overwrites the logits.
     */
    public static void sample(HostTensor logits, SamplerState[] states, int count) {
        for (int i = 0; i < count; i++) {
            if (!states[i].counts()) {
                continue;
            }
            try {
                sample(logits.data(), i * logits.shape().width(), states[i]);
            } catch (NonFiniteLogitsException e) {
                states[i].fail(e); // fails this sequence only
            }
        }
    }

    private static void sample(MemorySegment logits, long first, SamplerState state) {
        int best = best(logits, first, state.vocabulary());
        if (state.reported() > 0) {
            report(logits, first, state, logits.getAtIndex(JAVA_FLOAT, first + best));
        }
        SamplingParams params = state.params();
        bias(logits, first, state);
        if (params.penalises()) {
            penalise(logits, first, state);
        }
        long[] allowed = state.allowed();
        if (allowed != null) {
            exclude(logits, first, state.vocabulary(), allowed);
        }
        if (params.penalises() || state.biases().size() > 0 || allowed != null) {
            best = best(logits, first, state.vocabulary());
        }
        int token = params.temperature() == 0 ? best : sample(logits, first, state, best);
        if (state.reported() > 0) {
            int chosen = state.chosen(token);
            state.reportChosen(chosen, logits.getAtIndex(JAVA_FLOAT, first + chosen));
        }
        state.accept(token);
    }

    /** The token with the largest logit; of equal ones the smallest token. */
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

    private static void report(MemorySegment logits, long first, SamplerState state, float max) {
        long mass = mass(logits, first, state.vocabulary(), max, FixedPointProbability.scale(1));
        double normaliser = FixedPointProbability.normaliser(max, mass);
        TopCandidates top = state.candidates();
        top.select(logits, first, state.vocabulary(), state.reported());
        for (int rank = 0; rank < state.reported(); rank++) {
            state.report(rank, top.token(rank), top.logit(rank), normaliser);
        }
    }

    private static long mass(
            MemorySegment logits, long first, int vocabulary, float max, float scale) {
        long mass = 0;
        for (int token = 0; token < vocabulary; token++) {
            mass +=
                    FixedPointProbability.of(
                            logits.getAtIndex(JAVA_FLOAT, first + token), max, scale);
        }
        return mass;
    }

    private static void bias(MemorySegment logits, long first, SamplerState state) {
        LogitBiases biases = state.biases();
        for (int i = biases.first(state.position()); i < biases.end(state.position()); i++) {
            long at = first + biases.token(i);
            logits.setAtIndex(JAVA_FLOAT, at, logits.getAtIndex(JAVA_FLOAT, at) + biases.value(i));
        }
    }

    private static void penalise(MemorySegment logits, long first, SamplerState state) {
        float repetition = state.params().repetitionPenalty();
        float frequency = state.params().frequencyPenalty();
        float presence = state.params().presencePenalty();
        int[] occurrences = state.occurrences();
        for (int word = 0; word < state.seen().length; word++) {
            for (long seen = state.seen()[word]; seen != 0; seen &= seen - 1) {
                int bit = Long.numberOfTrailingZeros(seen);
                int token = word * Long.SIZE + bit;
                float logit = logits.getAtIndex(JAVA_FLOAT, first + token);
                logit = logit > 0 ? logit / repetition : logit * repetition;
                if ((state.generated()[word] >>> bit & 1) != 0) {
                    logit -= occurrences.length == 0 ? 0 : frequency * occurrences[token];
                    logit -= presence;
                }
                logits.setAtIndex(JAVA_FLOAT, first + token, logit);
            }
        }
    }

    /** Gives the tokens outside a set the lowest logit, with which they weigh nothing. */
    private static void exclude(MemorySegment logits, long first, int vocabulary, long[] allowed) {
        for (int token = 0; token < vocabulary; token++) {
            if ((allowed[token / Long.SIZE] >>> token & 1) == 0) {
                logits.setAtIndex(JAVA_FLOAT, first + token, -Float.MAX_VALUE);
            }
        }
    }

    private static int sample(MemorySegment logits, long first, SamplerState state, int best) {
        SamplingParams params = state.params();
        float max = logits.getAtIndex(JAVA_FLOAT, first + best);
        float scale = FixedPointProbability.scale(params.temperature());
        TopCandidates top = state.candidates();
        if (params.topK() == 0 && params.topP() == 1) {
            return sampleKept(logits, first, state, max, Float.NEGATIVE_INFINITY, 0);
        }
        int kept;
        if (params.topK() > 0) {
            top.select(logits, first, state.vocabulary(), params.topK());
            kept = nucleus(top, max, scale, wanted(mass(top, max, scale), params));
        } else {
            kept = selectNucleus(logits, first, state, max);
        }
        return sampleKept(logits, first, state, max, top.logit(kept - 1), top.token(kept - 1));
    }

    /** Samples among the tokens ranked up to the last kept one, without those that min-p drops. */
    private static int sampleKept(
            MemorySegment logits,
            long first,
            SamplerState state,
            float max,
            float lastLogit,
            int lastToken) {
        float scale = FixedPointProbability.scale(state.params().temperature());
        long least = FixedPointProbability.least(state.params().minP());
        StrideMasses strides = state.strides();
        strides.clear();
        for (int token = 0; token < state.vocabulary(); token++) {
            float logit = logits.getAtIndex(JAVA_FLOAT, first + token);
            if (logit > lastLogit || (logit == lastLogit && token <= lastToken)) {
                long probability = FixedPointProbability.of(logit, max, scale);
                strides.add(token, probability >= least ? probability : 0);
            }
        }
        long left = Philox.below(strides.total(), state.params().seed(), state.position());
        int token = 0;
        for (; left >= strides.mass(token); token++) {
            left -= strides.mass(token);
        }
        for (; ; token += StrideMasses.STRIDES) {
            float logit = logits.getAtIndex(JAVA_FLOAT, first + token);
            if (logit > lastLogit || (logit == lastLogit && token <= lastToken)) {
                long probability = FixedPointProbability.of(logit, max, scale);
                left -= probability >= least ? probability : 0;
                if (left < 0) {
                    return token;
                }
            }
        }
    }

    private static int selectNucleus(
            MemorySegment logits, long first, SamplerState state, float max) {
        float scale = FixedPointProbability.scale(state.params().temperature());
        TopCandidates top = state.candidates();
        long mass = mass(logits, first, state.vocabulary(), max, scale);
        long wanted = wanted(mass, state.params());
        for (int tried = NUCLEUS_FIRST; ; tried *= 8) {
            top.select(logits, first, state.vocabulary(), tried);
            int size = nucleus(top, max, scale, wanted);
            if (size < top.count() || top.count() == state.vocabulary()) {
                return size;
            }
        }
    }

    private static long wanted(long mass, SamplingParams params) {
        return FixedPointProbability.part(mass, FixedPointProbability.fraction(params.topP()));
    }

    private static long mass(TopCandidates top, float max, float scale) {
        long mass = 0;
        for (int rank = 0; rank < top.count(); rank++) {
            mass += FixedPointProbability.of(top.logit(rank), max, scale);
        }
        return mass;
    }

    /** The number of best candidates whose masses sum to at least {@code wanted}. */
    private static int nucleus(TopCandidates top, float max, float scale, long wanted) {
        long mass = 0;
        for (int rank = 0; rank < top.count(); rank++) {
            mass += FixedPointProbability.of(top.logit(rank), max, scale);
            if (mass >= wanted) {
                return rank + 1;
            }
        }
        return top.count();
    }
}
