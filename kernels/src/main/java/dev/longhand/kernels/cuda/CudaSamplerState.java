package dev.longhand.kernels.cuda;

import dev.longhand.kernels.sampling.SampleSlot;
import dev.longhand.kernels.sampling.SlotRecord;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.WeakReference;

/**
 * What the device keeps of sequences to change their logits: which tokens they have seen and
 * generated, as bits, how often they have generated each, and their biases; a place for every row
 * of logits, since no more sequences can draw in a step. What a sequence has goes up once, when it
 * first draws; from then on the kernel adds what it drew. The host has it all too, so a place is
 * simply given to another sequence when all are taken, to that which has drawn longest ago.
 */
final class CudaSamplerState {
    private final DeviceMemory memory;
    private final long vocabulary;
    private final int words;
    private final long histories;
    private final long counts;
    private final long biases;
    private final Place[] places;
    private final int[] placeOfRow;
    private long step;

    /** Whose a place is, and how old its history is. */
    private static final class Place {
        private @Nullable WeakReference<SampleSlot> sequence;
        private long age;
        private long usedAt;

        boolean isOf(SampleSlot other) {
            return sequence != null && sequence.refersTo(other);
        }
    }

    CudaSamplerState(DeviceMemory memory, int rows, long vocabulary) {
        this.memory = memory;
        this.vocabulary = vocabulary;
        words = SlotRecord.historyWords(vocabulary);
        histories = memory.allocateZeros((long) rows * words * Integer.BYTES);
        counts = memory.allocate(rows * countsBytes(vocabulary));
        biases = memory.allocate((long) rows * SlotRecord.BIASES_BYTES);
        places = new Place[rows];
        placeOfRow = new int[rows];
        for (int i = 0; i < rows; i++) {
            places[i] = new Place();
        }
    }

    /** Device memory of one place. */
    static long bytes(long vocabulary) {
        long history = (long) Integer.BYTES * SlotRecord.historyWords(vocabulary);
        return history + countsBytes(vocabulary) + SlotRecord.BIASES_BYTES;
    }

    /** A count for every bit of half a history. */
    private static long countsBytes(long vocabulary) {
        return (long) Integer.BYTES * Integer.SIZE * (SlotRecord.historyWords(vocabulary) / 2);
    }

    /** Where the histories are. */
    long histories() {
        return histories;
    }

    /** Words of the tokens seen; those of the tokens generated follow. */
    int half() {
        return words / 2;
    }

    /** Where the counts are, {@code 32 * half} of a place. */
    long counts() {
        return counts;
    }

    /** Where the biases are. */
    long biases() {
        return biases;
    }

    /** Begins a step: the places of the step before may be given away. */
    void begin() {
        step++;
    }

    /** The place of a slot's sequence, as it is now; the slot draws in the given row. */
    int place(SampleSlot slot, int row) {
        if (!SlotRecord.keeps(slot)) {
            return SlotRecord.NO_PLACE;
        }
        SampleSlot sequence = SlotRecord.sequence(slot);
        int index = find(sequence, placeOfRow[row]);
        Place place = places[index];
        if (!place.isOf(sequence)) {
            place.sequence = new WeakReference<>(sequence);
            place.age = -1;
            uploadBiases(sequence, index);
        }
        if (SlotRecord.penalises(sequence)) {
            if (place.age != SlotRecord.age(sequence)) {
                uploadHistory(sequence, index);
            }
            place.age = -1; // until the kernel is known to have added what it drew
        }
        place.usedAt = step;
        placeOfRow[row] = index;
        return index;
    }

    /**
     * Ends the draw of a row whose slot has its token. If that was decided beforehand the kernel
     * has noted another, and the history goes up anew.
     */
    void drawn(SampleSlot slot, int row) {
        if (SlotRecord.penalises(slot) && !SlotRecord.forced(slot)) {
            places[placeOfRow[row]].age = SlotRecord.age(slot);
        }
    }

    private int find(SampleSlot sequence, int guess) {
        if (places[guess].isOf(sequence)) {
            return guess;
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

    private void uploadHistory(SampleSlot sequence, int index) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bits = arena.allocate((long) words * Integer.BYTES, Long.BYTES);
            SlotRecord.writeHistory(bits, vocabulary, sequence);
            memory.upload(histories + index * bits.byteSize(), bits);
        }
        memory.upload(counts + index * countsBytes(vocabulary), SlotRecord.occurrences(sequence));
    }

    private void uploadBiases(SampleSlot sequence, int index) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment entries = arena.allocate(SlotRecord.BIASES_BYTES, Integer.BYTES);
            SlotRecord.writeBiases(entries, sequence);
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
