package dev.longhand.kernels.cuda;

import dev.longhand.kernels.sampling.SamplerState;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.MemorySegment;

/**
 * The tokens that each row of logits may sample, on the device: a bit for each. A row's set is sent
 * when it is not the one that the row had last; sets are never modified.
 */
final class AllowedTokens {
    private final DeviceMemory memory;
    private final long address;
    private final long rowBytes;
    private final long[] @Nullable [] ofRow;

    /**
     * Takes the memory.
     *
     * @param words int32 words of a set
     */
    AllowedTokens(DeviceMemory memory, int rows, int words) {
        this.memory = memory;
        rowBytes = (long) words * Integer.BYTES;
        address = memory.allocateZeros(rows * rowBytes);
        ofRow = new long[rows][];
    }

    /** Bytes of device memory of one row. */
    static long bytes(long vocabulary) {
        return (long) Integer.BYTES * (SampleSlotLayout.historyWords(vocabulary) / 2);
    }

    /** Address of the sets. */
    long address() {
        return address;
    }

    /** Sends the set of a row, if it has one that is not there. */
    @SuppressWarnings("ReferenceEquality") // sets are not modified: the same array is the same set
    void update(SamplerState state, int row) {
        long[] tokens = state.allowed();
        if (tokens != null && ofRow[row] != tokens) {
            ofRow[row] = null; // until the whole set is known to be there
            MemorySegment words = MemorySegment.ofArray(tokens).asReadOnly();
            memory.upload(address + row * rowBytes, words);
            ofRow[row] = tokens;
        }
    }

    /** Frees the memory. */
    void close() {
        memory.free(address);
    }
}
