package dev.longhand.kernels.cuda;

import dev.longhand.bindings.cuda.CudaDriver;
import dev.longhand.kernels.sampling.SampleSlot;
import dev.longhand.kernels.sampling.SlotRecord;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.WeakReference;

/**
 * Which tokens the sequences have seen and generated, as bits on the device: one history for every
 * row of logits, since no more sequences can draw in a step. A sequence's history goes up once,
 * when it first draws; from then on the kernel adds what it drew. The host has every history too,
 * so a place is simply given to another sequence when all are taken, to that which has drawn
 * longest ago.
 */
final class CudaHistories {
    private final CudaDriver driver;
    private final DeviceMemory memory;
    private final long vocabulary;
    private final int words;
    private final long address;
    private final Place[] places;
    private final int[] placeOfRow;
    private long step;

    /** Whose history is in a place, and how old it is. */
    private static final class Place {
        private @Nullable WeakReference<SampleSlot> slot;
        private long age;
        private long usedAt;

        boolean isOf(SampleSlot other) {
            return slot != null && slot.refersTo(other);
        }
    }

    CudaHistories(CudaDriver driver, DeviceMemory memory, int rows, long vocabulary) {
        this.driver = driver;
        this.memory = memory;
        this.vocabulary = vocabulary;
        words = SlotRecord.historyWords(vocabulary);
        address = memory.allocateZeros((long) rows * words * Integer.BYTES);
        places = new Place[rows];
        placeOfRow = new int[rows];
        for (int i = 0; i < rows; i++) {
            places[i] = new Place();
        }
    }

    long address() {
        return address;
    }

    /** Words of the tokens seen; those of the tokens generated follow. */
    int half() {
        return words / 2;
    }

    /** Begins a step: the places of the step before may be given away. */
    void begin() {
        step++;
    }

    /** The place of a slot's history as it is now; the slot draws in the given row. */
    int place(SampleSlot slot, int row) {
        if (!SlotRecord.penalises(slot)) {
            return SlotRecord.NO_HISTORY;
        }
        int index = find(slot, placeOfRow[row]);
        Place place = places[index];
        if (!place.isOf(slot)) {
            place.slot = new WeakReference<>(slot);
            upload(slot, index);
        } else if (place.age != SlotRecord.age(slot)) {
            upload(slot, index);
        }
        place.usedAt = step;
        place.age = -1; // until the kernel is known to have added what it drew
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

    private int find(SampleSlot slot, int guess) {
        if (places[guess].isOf(slot)) {
            return guess;
        }
        int oldest = 0;
        for (int i = 0; i < places.length; i++) {
            if (places[i].isOf(slot)) {
                return i;
            }
            if (places[i].usedAt < places[oldest].usedAt) {
                oldest = i;
            }
        }
        return oldest;
    }

    private void upload(SampleSlot slot, int index) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bits = arena.allocate((long) words * Integer.BYTES, Long.BYTES);
            SlotRecord.writeHistory(bits, vocabulary, slot);
            memory.upload(address + (long) index * bits.byteSize(), bits);
        }
    }

    /** Frees the memory. */
    void close() {
        driver.free(address);
    }
}
