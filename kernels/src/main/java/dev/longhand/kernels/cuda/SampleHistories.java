package dev.longhand.kernels.cuda;

import dev.longhand.kernels.sampling.SamplerState;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.WeakReference;

/**
 * Token histories and biases of sequences on the device, which change their logits: the tokens seen
 * and generated, as bits, how often each was generated, and the biases. There is one place per row
 * of logits, enough for all sequences that a step can sample. A sequence's history is uploaded when
 * it is first sampled; from then on the kernel adds the tokens that it samples. When all places are
 * taken, the next sequence gets the least recently used one; the host can upload the replaced
 * history again.
 */
final class SampleHistories {
    private final DeviceMemory memory;
    private final long vocabulary;
    private final int words;
    private final long histories;
    private final long counts;
    private final long biases;
    private final Place[] places;
    private final int[] placeOfRow;
    private long step;

    /** The sequence that has a place, and the number of tokens in its history there. */
    private static final class Place {
        private @Nullable WeakReference<SamplerState> sequence;
        private long age;
        private long usedAt;

        boolean isOf(SamplerState other) {
            return sequence != null && sequence.refersTo(other);
        }
    }

    SampleHistories(DeviceMemory memory, int rows, long vocabulary) {
        this.memory = memory;
        this.vocabulary = vocabulary;
        words = SampleSlotLayout.historyWords(vocabulary);
        histories = memory.allocateZeros((long) rows * words * Integer.BYTES);
        counts = memory.allocate(rows * countsBytes(vocabulary));
        biases = memory.allocate((long) rows * SampleSlotLayout.BIASES_BYTES);
        places = new Place[rows];
        placeOfRow = new int[rows];
        for (int i = 0; i < rows; i++) {
            places[i] = new Place();
        }
    }

    /** Bytes of device memory of one place. */
    static long bytes(long vocabulary) {
        long history = (long) Integer.BYTES * SampleSlotLayout.historyWords(vocabulary);
        return history + countsBytes(vocabulary) + SampleSlotLayout.BIASES_BYTES;
    }

    /** Bytes of the counts of one place: an int32 for every bit of half a history. */
    private static long countsBytes(long vocabulary) {
        return (long) Integer.BYTES
                * Integer.SIZE
                * (SampleSlotLayout.historyWords(vocabulary) / 2);
    }

    /** Address of the histories. */
    long histories() {
        return histories;
    }

    /**
     * Words of half a history: the tokens seen are the first half, the tokens generated the second.
     */
    int half() {
        return words / 2;
    }

    /** Address of the counts, {@code 32 * half} per place. */
    long counts() {
        return counts;
    }

    /** Address of the biases. */
    long biases() {
        return biases;
    }

    /** Begins a step: places used by earlier steps may be given to other sequences. */
    void begin() {
        step++;
    }

    /**
     * Returns the place of a sequence, with its contents updated; {@code row} is the row it is
     * sampled from.
     */
    int place(SamplerState state, int row) {
        if (!keeps(state)) {
            return SampleSlotLayout.NO_PLACE;
        }
        SamplerState sequence = state.sequence();
        int index = find(sequence, placeOfRow[row]);
        Place place = places[index];
        if (!place.isOf(sequence)) {
            place.sequence = new WeakReference<>(sequence);
            place.age = -1;
            uploadBiases(sequence, index);
        }
        if (sequence.params().penalises()) {
            if (place.age != sequence.observed()) {
                uploadHistory(sequence, index);
            }
            place.age = -1; // until the kernel is known to have added its token
        }
        place.usedAt = step;
        placeOfRow[row] = index;
        return index;
    }

    /**
     * Records that a row was sampled. If its token was forced, the kernel has added a different
     * token, so the history will be uploaded again.
     */
    void sampled(SamplerState state, int row) {
        if (state.params().penalises() && !state.forced()) {
            places[placeOfRow[row]].age = state.observed();
        }
    }

    private static boolean keeps(SamplerState state) {
        return state.params().penalises() || state.biases().size() > 0;
    }

    private int find(SamplerState sequence, int likely) {
        if (places[likely].isOf(sequence)) {
            return likely;
        }
        int oldest = 0;
        for (int i = 0; i < places.length; i++) {
            if (places[i].isOf(sequence)) {
                return i;
            }
            if (places[i].usedAt < places[oldest].usedAt) {
                oldest = i;
            }
        }
        return oldest;
    }

    private void uploadHistory(SamplerState sequence, int index) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bits = arena.allocate((long) words * Integer.BYTES, Long.BYTES);
            SampleSlotLayout.writeHistory(bits, vocabulary, sequence);
            memory.upload(histories + index * bits.byteSize(), bits);
        }
        memory.upload(
                counts + index * countsBytes(vocabulary),
                MemorySegment.ofArray(sequence.occurrences()).asReadOnly());
    }

    private void uploadBiases(SamplerState sequence, int index) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment entries = arena.allocate(SampleSlotLayout.BIASES_BYTES, Integer.BYTES);
            SampleSlotLayout.writeBiases(entries, sequence);
            memory.upload(biases + index * entries.byteSize(), entries);
        }
    }

    /** Frees the memory. */
    void close() {
        memory.free(histories);
        memory.free(counts);
        memory.free(biases);
    }
}
