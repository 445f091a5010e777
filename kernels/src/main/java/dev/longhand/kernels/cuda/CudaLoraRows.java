package dev.longhand.kernels.cuda;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.longhand.kernels.backend.TypedBackend;
import dev.longhand.kernels.batch.Rows;
import dev.longhand.kernels.cuda.KernelStruct.Int32;
import dev.longhand.kernels.cuda.KernelStruct.Int64;
import dev.longhand.kernels.lora.LoraAdapter;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Writes the {@code LoraRows} of {@code lora.cuh}, which assign adapters to rows: the distinct
 * adapters are slots, and rows of the same slot are grouped into tiles.
 */
final class CudaLoraRows {
    /** Rows that share one pass over A. */
    private static final int TILE_ROWS = 16;

    private static final KernelStruct TABLE = new KernelStruct("LoraRows");
    private static final Int64 SHRUNK = TABLE.int64("shrunk");
    private static final Int32 PITCH = TABLE.int32("pitch");
    private static final Int32 PARTS = TABLE.int32("parts");
    private static final Int32 SLOTS = TABLE.int32("slots");
    private static final Int32 TILES = TABLE.int32("tiles");
    private static final Int32 CAPACITY = TABLE.int32("capacity");

    private final MemorySegment staging;
    private final int capacity;
    private final @Nullable CudaLora[] slots;
    private final int[] slotOfRow;

    /**
     * A table for up to {@code capacity} rows.
     *
     * @param staging {@link #bytes} of pinned memory
     */
    CudaLoraRows(MemorySegment staging, int capacity) {
        this.staging = staging;
        this.capacity = capacity;
        slots = new @Nullable CudaLora[capacity];
        slotOfRow = new int[capacity];
    }

    /**
     * Bytes of a table: per row an adapter's address, a slot, a sorted row and a tile (two int32).
     */
    static long bytes(int capacity) {
        return TABLE.bytes() + capacity * (Long.BYTES + 4L * Integer.BYTES);
    }

    MemorySegment staging() {
        return staging;
    }

    int capacity() {
        return capacity;
    }

    /**
     * Whether any row has an adapter.
     *
     * @throws IllegalStateException if an adapter is closed
     */
    static boolean any(Rows rows) {
        boolean any = false;
        for (int row = 0; row < rows.rows(); row++) {
            CudaLora adapter = adapter(rows, row);
            if (adapter != null) {
                adapter.requireOpen();
                any = true;
            }
        }
        return any;
    }

    /** Writes the table; the rows' adapters must be open. */
    void write(Rows rows, CudaLoras loras) {
        int count = assignSlots(rows);
        int tiles = writeTiles(rows.rows(), count);
        SHRUNK.set(staging, 0, loras.shrunk(rows.rows()));
        PITCH.set(staging, 0, loras.pitch());
        PARTS.set(staging, 0, CudaLoras.parts(rows.rows()));
        SLOTS.set(staging, 0, count);
        TILES.set(staging, 0, tiles);
        CAPACITY.set(staging, 0, capacity);
        Arrays.fill(slots, 0, count, null); // so that closed adapters can be collected
    }

    private int assignSlots(Rows rows) {
        int count = 0;
        for (int row = 0; row < rows.rows(); row++) {
            CudaLora adapter = adapter(rows, row);
            int slot = -1;
            if (adapter != null) {
                slot = find(adapter, count);
                if (slot == count) {
                    slots[slot] = adapter;
                    long at = TABLE.bytes() + (long) slot * Long.BYTES;
                    staging.set(JAVA_LONG, at, adapter.address());
                    count++;
                }
            }
            slotOfRow[row] = slot;
            staging.set(JAVA_INT, intsAt(row), slot);
        }
        return count;
    }

    private static @Nullable CudaLora adapter(Rows rows, int row) {
        LoraAdapter adapter = rows.adapter(row);
        return adapter == null ? null : TypedBackend.own(CudaLora.class, adapter);
    }

    private int find(CudaLora adapter, int count) {
        for (int slot = 0; slot < count; slot++) {
            if (adapter.equals(slots[slot])) {
                return slot;
            }
        }
        return count;
    }

    /** Offset of an element of the int32 arrays that follow the addresses. */
    private long intsAt(long index) {
        return TABLE.bytes() + (long) capacity * Long.BYTES + index * Integer.BYTES;
    }

    private int writeTiles(int rows, int count) {
        int sorted = 0;
        int tiles = 0;
        for (int slot = 0; slot < count; slot++) {
            int first = sorted;
            for (int row = 0; row < rows; row++) {
                if (slotOfRow[row] == slot) {
                    staging.set(JAVA_INT, intsAt((long) capacity + sorted), row);
                    sorted++;
                }
            }
            for (; first < sorted; first += TILE_ROWS) {
                long at = intsAt(2L * capacity + 2L * tiles);
                staging.set(JAVA_INT, at, first);
                staging.set(JAVA_INT, at + Integer.BYTES, Math.min(TILE_ROWS, sorted - first));
                tiles++;
            }
        }
        return tiles;
    }
}
