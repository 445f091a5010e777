package dev.longhand.kernels.cuda;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.longhand.kernels.cuda.KernelStruct.Float32;
import dev.longhand.kernels.cuda.KernelStruct.Int32;
import dev.longhand.kernels.cuda.KernelStruct.Int64;
import dev.longhand.kernels.sampling.FixedPointProbability;
import dev.longhand.kernels.sampling.LogitBiases;
import dev.longhand.kernels.sampling.SamplerState;
import dev.longhand.kernels.sampling.SamplingParams;

import java.lang.foreign.MemorySegment;

/**
 * Layout of sampler states on the device, as in {@code sample_slot.cuh}: the slot of each row,
 * token histories, biases and reports. The kernel also adds the tokens it samples to its own copy
 * of the history.
 */
final class SampleSlotLayout {
    private static final KernelStruct SLOT = new KernelStruct("Slot");
    private static final Int64 SEED = SLOT.int64("seed");
    private static final Int64 POSITION = SLOT.int64("position");
    private static final Int64 NUCLEUS = SLOT.int64("nucleus");
    private static final Int64 LEAST = SLOT.int64("least");
    private static final Float32 SCALE = SLOT.float32("scale");
    private static final Float32 REPETITION = SLOT.float32("repetition");
    private static final Float32 PRESENCE = SLOT.float32("presence");
    private static final Float32 FREQUENCY = SLOT.float32("frequency");
    private static final Int32 VOCABULARY = SLOT.int32("vocabulary");
    private static final Int32 TOP_K = SLOT.int32("topK");
    private static final Int32 HISTORY = SLOT.int32("history");
    private static final Int32 FIRST_BIAS = SLOT.int32("bias");
    private static final Int32 BIASES = SLOT.int32("biases");
    private static final Int32 REPORTED = SLOT.int32("reported");
    private static final Int32 ALLOWED = SLOT.int32("allowed");
    private static final Int32 REPORT_AT = SLOT.int32("report");

    private static final KernelStruct BIAS = new KernelStruct("Bias");
    private static final Int32 BIAS_TOKEN = BIAS.int32("token");
    private static final Float32 BIAS_ADDED = BIAS.float32("added");

    private static final KernelStruct REPORT = new KernelStruct("Report");
    private static final Int64 MASS = REPORT.int64("mass");
    private static final Int64 MAX = REPORT.int64("max");
    private static final long ENTRIES = REPORT.bytes(); // entries follow the report
    private static final KernelStruct ENTRY = new KernelStruct("Entry");
    private static final Int32 ENTRY_TOKEN = ENTRY.int32("token");
    private static final Float32 ENTRY_LOGIT = ENTRY.float32("logit");

    /** Bytes of a slot. */
    static final long BYTES = SLOT.bytes();

    /** Bytes of the biases of a sequence. */
    static final long BIASES_BYTES = LogitBiases.ENTRIES_MAX * BIAS.bytes();

    /** The place of a history, of biases or of allowed tokens that are not on the device. */
    static final int NO_PLACE = -1;

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
        long at = row * BYTES;
        boolean whole = params.topP() == 1;
        boolean greedy = params.temperature() == 0;
        SEED.set(slots, at, params.seed());
        POSITION.set(slots, at, state.position());
        NUCLEUS.set(slots, at, whole ? WHOLE : FixedPointProbability.fraction(params.topP()));
        LEAST.set(slots, at, FixedPointProbability.least(params.minP()));
        SCALE.set(slots, at, greedy ? 0 : FixedPointProbability.scale(params.temperature()));
        REPETITION.set(slots, at, params.repetitionPenalty());
        PRESENCE.set(slots, at, params.presencePenalty());
        FREQUENCY.set(slots, at, params.frequencyPenalty());
        VOCABULARY.set(slots, at, state.vocabulary());
        TOP_K.set(slots, at, Math.min(params.topK(), state.vocabulary()));
        HISTORY.set(slots, at, params.penalises() ? place : NO_PLACE);
        LogitBiases biases = state.biases();
        int first = biases.first(state.position());
        FIRST_BIAS.set(slots, at, place * LogitBiases.ENTRIES_MAX + first);
        BIASES.set(slots, at, biases.end(state.position()) - first);
        REPORTED.set(slots, at, state.reported());
        ALLOWED.set(slots, at, state.allowed() == null ? NO_PLACE : row);
        REPORT_AT.set(slots, at, report);
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
        for (int i = 0; i < state.biases().size(); i++) {
            BIAS_TOKEN.set(biases, i * BIAS.bytes(), state.biases().token(i));
            BIAS_ADDED.set(biases, i * BIAS.bytes(), state.biases().value(i));
        }
    }

    /** Longs of a report of {@code reported} tokens. */
    static int reportLongs(int reported) {
        return reported == 0
                ? 0
                : Math.toIntExact((ENTRIES + reported * ENTRY.bytes()) / Long.BYTES);
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
        float max = Float.intBitsToFloat((int) MAX.get(reports, at));
        double normaliser = FixedPointProbability.normaliser(max, MASS.get(reports, at));
        for (int rank = 0; rank < state.reported(); rank++) {
            long entry = at + ENTRIES + rank * ENTRY.bytes();
            int token = ENTRY_TOKEN.get(reports, entry);
            state.report(rank, token, ENTRY_LOGIT.get(reports, entry), normaliser);
        }
    }
}
