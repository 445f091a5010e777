package dev.longhand.kernels.cuda;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.longhand.kernels.sampling.FixedPointProbability;
import dev.longhand.kernels.sampling.SamplerState;
import dev.longhand.kernels.sampling.SamplingParams;

import java.lang.foreign.MemorySegment;

/**
 * Layout of sampler states on the device, byte for byte as in {@code sample.cu}: the slot of each
 * row, token histories, biases and reports. The kernel also adds the tokens it samples to its own
 * copy of the history.
 */
final class SampleSlotLayout {
    /** Bytes of a slot. */
    static final int BYTES = 80;

    /** Bytes of the biases of a sequence. */
    static final int BIASES_BYTES =
            SamplingParams.LOGIT_BIAS_TOKENS_MAX * (Integer.BYTES + Float.BYTES);

    /** The place of a sequence of which the device keeps nothing. */
    static final int NO_PLACE = -1;

    /** Longs of a report before its tokens: mass and largest logit. */
    private static final int REPORT_HEAD = 2;

    private static final long WHOLE = -1;

    private SampleSlotLayout() {}

    /**
     * Writes the slot of a row.
     *
     * @param slots {@link #BYTES} for each row
     * @param place index of the sequence's history and biases, or {@link #NO_PLACE}
     * @param report index of the first long of its report
     */
    static void write(MemorySegment slots, int row, SamplerState state, int place, int report) {
        SamplingParams params = state.params();
        long at = (long) row * BYTES;
        boolean whole = params.topP() == 1;
        boolean greedy = params.temperature() == 0;
        slots.set(JAVA_LONG, at, params.seed());
        slots.set(JAVA_LONG, at + 8, state.position());
        slots.set(
                JAVA_LONG, at + 16, whole ? WHOLE : FixedPointProbability.fraction(params.topP()));
        slots.set(JAVA_LONG, at + 24, FixedPointProbability.least(params.minP()));
        slots.set(
                JAVA_FLOAT,
                at + 32,
                greedy ? 0 : FixedPointProbability.scale(params.temperature()));
        slots.set(JAVA_FLOAT, at + 36, params.repetitionPenalty());
        slots.set(JAVA_FLOAT, at + 40, params.presencePenalty());
        slots.set(JAVA_FLOAT, at + 44, params.frequencyPenalty());
        slots.set(JAVA_INT, at + 48, state.vocabulary());
        slots.set(JAVA_INT, at + 52, Math.min(params.topK(), state.vocabulary()));
        slots.set(JAVA_INT, at + 56, params.penalises() ? place : NO_PLACE);
        slots.set(JAVA_INT, at + 60, place * SamplingParams.LOGIT_BIAS_TOKENS_MAX);
        slots.set(JAVA_INT, at + 64, state.biases().length);
        slots.set(JAVA_INT, at + 68, state.reported());
        slots.set(JAVA_INT, at + 72, report);
    }

    /** Int32 words of a history: a bit for each token seen, then one for each generated. */
    static int historyWords(long vocabulary) {
        return 2 * historyHalf(vocabulary);
    }

    private static int historyHalf(long vocabulary) {
        int longs = Math.toIntExact(Math.ceilDiv(vocabulary, Long.SIZE));
        return longs * (Long.BYTES / Integer.BYTES);
    }

    /**
     * Writes the history of a sequence.
     *
     * @param words zeros, {@link #historyWords} of {@code vocabulary}
     */
    static void writeHistory(MemorySegment words, long vocabulary, SamplerState state) {
        long[] seen = state.seen();
        long[] generated = state.generated();
        long half = (long) historyHalf(vocabulary) * Integer.BYTES;
        MemorySegment.copy(seen, 0, words, JAVA_LONG, 0, seen.length);
        MemorySegment.copy(generated, 0, words, JAVA_LONG, half, generated.length);
    }

    /**
     * Writes the biases of a sequence, each token before the bias of its logit.
     *
     * @param biases {@link #BIASES_BYTES}
     */
    static void writeBiases(MemorySegment biases, SamplerState state) {
        for (int i = 0; i < state.biases().length; i++) {
            biases.setAtIndex(JAVA_INT, 2L * i, state.biasTokens()[i]);
            biases.setAtIndex(JAVA_FLOAT, 2L * i + 1, state.biases()[i]);
        }
    }

    /** Longs of a report of {@code reported} tokens. */
    static int reportLongs(int reported) {
        return reported == 0 ? 0 : REPORT_HEAD + reported;
    }

    /**
     * Reads a report into the state of its row.
     *
     * @param report index of its first long: the mass of the vocabulary, the largest logit, then
     *     the tokens by rank, each before its logit
     */
    static void readReport(MemorySegment reports, int report, SamplerState state) {
        if (state.reported() == 0) {
            return;
        }
        long at = (long) report * Long.BYTES;
        long mass = reports.get(JAVA_LONG, at);
        float max = reports.get(JAVA_FLOAT, at + Long.BYTES);
        double normaliser = FixedPointProbability.normaliser(max, mass);
        for (int rank = 0; rank < state.reported(); rank++) {
            long entry = at + (long) (REPORT_HEAD + rank) * Long.BYTES;
            int token = reports.get(JAVA_INT, entry);
            float logit = reports.get(JAVA_FLOAT, entry + Integer.BYTES);
            state.report(rank, token, logit, normaliser);
        }
    }
}
