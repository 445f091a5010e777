package dev.longhand.kernels.sampling;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;

/**
 * What a sampler on a device is told of a slot and tells it, byte for byte as {@code sample.cu} has
 * it. Tokens that the device draws it notes in its own copy of the history too.
 */
public final class SlotRecord {
    /** Bytes of a slot on the device. */
    public static final int BYTES = 80;

    /** Bytes of the biases of a sequence. */
    public static final int BIASES_BYTES =
            SamplingParams.LOGIT_BIAS_TOKENS_MAX * (Integer.BYTES + Float.BYTES);

    /** The place of a slot of whose sequence the device keeps nothing. */
    public static final int NO_PLACE = -1;

    /** Longs of a report before its tokens: mass and largest logit. */
    private static final int REPORT_HEAD = 2;

    private static final long WHOLE = -1;

    private SlotRecord() {}

    /**
     * Writes a slot.
     *
     * @param record {@link #BYTES} for each row
     * @param row which of them
     * @param place which histories and biases are the slot's, or {@link #NO_PLACE}
     * @param report at which long of the reports its report shall begin
     */
    public static void write(
            MemorySegment record, int row, SampleSlot slot, int place, int report) {
        SamplingParams params = slot.params();
        long at = (long) row * BYTES;
        record.set(JAVA_LONG, at, params.seed());
        record.set(JAVA_LONG, at + 8, slot.position());
        record.set(JAVA_LONG, at + 16, params.topP() == 1 ? WHOLE : Weight.fraction(params.topP()));
        record.set(JAVA_LONG, at + 24, Weight.least(params.minP()));
        boolean greedy = params.temperature() == 0;
        record.set(JAVA_FLOAT, at + 32, greedy ? 0 : Weight.scale(params.temperature()));
        record.set(JAVA_FLOAT, at + 36, params.repetitionPenalty());
        record.set(JAVA_FLOAT, at + 40, params.presencePenalty());
        record.set(JAVA_FLOAT, at + 44, params.frequencyPenalty());
        record.set(JAVA_INT, at + 48, slot.vocabulary());
        record.set(JAVA_INT, at + 52, Math.min(params.topK(), slot.vocabulary()));
        record.set(JAVA_INT, at + 56, params.penalises() ? place : NO_PLACE);
        record.set(JAVA_INT, at + 60, place * SamplingParams.LOGIT_BIAS_TOKENS_MAX);
        record.set(JAVA_INT, at + 64, slot.biases().length);
        record.set(JAVA_INT, at + 68, slot.reported());
        record.set(JAVA_INT, at + 72, report);
    }

    /**
     * Refuses a slot that could draw what its logits have not.
     *
     * @param width logits of a row
     */
    public static void check(SampleSlot slot, long width) {
        if (slot.vocabulary() > width) {
            throw new IllegalArgumentException(
                    "%d tokens cannot be drawn from %d logits".formatted(slot.vocabulary(), width));
        }
    }

    /** Whether the history of a slot changes its logits. */
    public static boolean penalises(SampleSlot slot) {
        return slot.params().penalises();
    }

    /** Whether the device needs to keep something of the slot's sequence. */
    public static boolean keeps(SampleSlot slot) {
        return slot.params().penalises() || slot.biases().length > 0;
    }

    /** What is the same for all slots of a sequence and no others. */
    public static SampleSlot sequence(SampleSlot slot) {
        return slot.sequence();
    }

    /** How many tokens a slot has been told of or has drawn: a copy of its history is as old. */
    public static long age(SampleSlot slot) {
        return slot.observed();
    }

    /** Whether a slot takes another token than the device draws, and notes, for it. */
    public static boolean forced(SampleSlot slot) {
        return slot.forced();
    }

    /** Int32 words of a history: a bit for each token seen, then one for each generated. */
    public static int historyWords(long vocabulary) {
        return 2 * historyHalf(vocabulary);
    }

    private static int historyHalf(long vocabulary) {
        int longs = Math.toIntExact(Math.ceilDiv(vocabulary, Long.SIZE));
        return longs * (Long.BYTES / Integer.BYTES);
    }

    /**
     * Writes the history of a slot.
     *
     * @param words zeros, as many as {@link #historyWords} says of {@code vocabulary}
     */
    public static void writeHistory(MemorySegment words, long vocabulary, SampleSlot slot) {
        long[] seen = slot.seen();
        long[] generated = slot.generated();
        long half = (long) historyHalf(vocabulary) * Integer.BYTES;
        MemorySegment.copy(seen, 0, words, JAVA_LONG, 0, seen.length);
        MemorySegment.copy(generated, 0, words, JAVA_LONG, half, generated.length);
    }

    /** How often each token was generated, int32 each; empty if there is no frequency penalty. */
    public static MemorySegment occurrences(SampleSlot slot) {
        return MemorySegment.ofArray(slot.occurrences()).asReadOnly();
    }

    /**
     * Writes the biases of a slot, each token beside what is added to its logit.
     *
     * @param biases {@link #BIASES_BYTES}
     */
    public static void writeBiases(MemorySegment biases, SampleSlot slot) {
        for (int i = 0; i < slot.biases().length; i++) {
            biases.setAtIndex(JAVA_INT, 2L * i, slot.biasTokens()[i]);
            biases.setAtIndex(JAVA_FLOAT, 2L * i + 1, slot.biases()[i]);
        }
    }

    /** Longs of a slot's report. */
    public static int reportLongs(SampleSlot slot) {
        return reportLongs(slot.reported());
    }

    /** Longs of a report of so many tokens. */
    public static int reportLongs(int reported) {
        return reported == 0 ? 0 : REPORT_HEAD + reported;
    }

    /**
     * Leaves a token and what was reported with it in the slot.
     *
     * @param reports the slot's begins at long {@code report}: the mass of the vocabulary, the
     *     largest logit, then the tokens by rank, each beside its logit
     */
    public static void accept(SampleSlot slot, int token, MemorySegment reports, int report) {
        if (slot.reported() > 0) {
            long at = (long) report * Long.BYTES;
            long mass = reports.get(JAVA_LONG, at);
            float max = reports.get(JAVA_FLOAT, at + Long.BYTES);
            double normaliser = Weight.normaliser(max, mass);
            for (int rank = 0; rank < slot.reported(); rank++) {
                long entry = at + (long) (REPORT_HEAD + rank) * Long.BYTES;
                int reported = reports.get(JAVA_INT, entry);
                float logit = reports.get(JAVA_FLOAT, entry + Integer.BYTES);
                slot.report(rank, reported, logit, normaliser);
            }
        }
        slot.draw(token);
    }

    /** Leaves a NaN or infinity that the device met in the slot, as its failure. */
    public static void fail(SampleSlot slot, int token, float value) {
        slot.fail(new NonFiniteLogitsException(token, value));
    }
}
