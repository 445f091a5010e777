package dev.longhand.kernels.cuda;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.longhand.bindings.cuda.CudaQueue;
import dev.longhand.kernels.batch.StepBatch;
import dev.longhand.kernels.kvcache.KvShape;

import java.lang.foreign.MemorySegment;

/**
 * A step batch with its copy on the device: one block of int32, uploaded in one transfer when a
 * kernel first needs it. Beside the rows it holds the tiles of the prompt kernel: up to {@link
 * #TILE_ROWS} neighbouring rows of one sequence each.
 */
final class CudaStepBatch extends StepBatch {
    /**
     * Rows of a tile: 16 rows of a group of 5 are 80 columns, ten column tiles over the same KV.
     */
    private static final int TILE_ROWS = 16;

    private final CudaQueue queue;
    private final MemorySegment staging;
    private final MemorySegment[] staged; // where each array goes
    private final long device;
    private final CudaLoras loras;
    private final CudaLoraRows loraRows;
    private final long loraTable;
    private long uploaded = -1;
    private long uploadedLoras = -1;
    private boolean adapted;
    private int tiles;
    private boolean decoding;
    private int positionMax;
    private boolean closed;

    CudaStepBatch(
            CudaQueue queue, CudaLoras loras, int rowsMax, int sequencesMax, int pagesPerSequence) {
        super(rowsMax, sequencesMax, pagesPerSequence);
        this.loras = loras;
        this.queue = queue;
        long ints = 6L * rowsMax + (long) sequencesMax * pagesPerSequence;
        long tableAt = Math.ceilDiv(ints, 2) * Long.BYTES; // it holds addresses
        long bytes = tableAt + CudaLoraRows.bytes(rowsMax);
        try {
            staging = queue.driver().allocatePinned(bytes);
            device = queue.driver().allocate(bytes);
        } catch (RuntimeException e) {
            super.close(); // the driver frees its own
            throw e;
        }
        long all = (long) rowsMax * Integer.BYTES;
        staged =
                new MemorySegment[] {
                    staging.asSlice(0, all),
                    staging.asSlice(all, all),
                    staging.asSlice(2 * all, all),
                    staging.asSlice(3 * all, all),
                    staging.asSlice(6 * all, ints * Integer.BYTES - 6 * all)
                };
        loraRows = new CudaLoraRows(staging.asSlice(tableAt), rowsMax);
        loraTable = device + tableAt;
    }

    /**
     * Brings the device's copy up to date.
     *
     * @throws IllegalStateException if a row's adapter is closed
     */
    void synchronise() {
        if (uploaded == version() && uploadedLoras == loras.version()) {
            return;
        }
        queue.synchronize(); // the transfer of the step before may still read the staging
        staged[0].copyFrom(tokens());
        staged[1].copyFrom(positions());
        staged[2].copyFrom(sequences());
        staged[3].copyFrom(selectedRows());
        staged[4].copyFrom(pageTables());
        plan();
        adapted = CudaLoraRows.any(this);
        if (adapted) {
            loraRows.write(this, loras);
        }
        queue.copyToDevice(device, staging);
        uploaded = version();
        uploadedLoras = loras.version();
    }

    /** The address of the table of rows and their adapters; 0 if no row has one. */
    long loraTable() {
        return adapted ? loraTable : 0;
    }

    /** Of what the launches of the step depend on beside its shape: 0 without adapters. */
    int loraGroups() {
        return adapted ? loras.groups() : 0;
    }

    private void plan() {
        tiles = 0;
        decoding = true;
        positionMax = 0;
        int first = 0;
        for (int row = 0; row < rows(); row++) {
            positionMax = Math.max(positionMax, position(row));
            boolean runs = row + 1 < rows() && sequence(row + 1) == sequence(row);
            decoding &= !runs;
            if (!runs || row + 1 - first == TILE_ROWS) {
                long at = 4L * rowsMax() + 2L * tiles;
                staging.setAtIndex(JAVA_INT, at, first);
                staging.setAtIndex(JAVA_INT, at + 1, row + 1 - first);
                tiles++;
                first = row + 1;
            }
        }
    }

    /** Address of the tokens; positions and sequences follow, {@code rowsMax} apart. */
    long tokensAddress() {
        return device;
    }

    long positionsAddress() {
        return device + (long) rowsMax() * Integer.BYTES;
    }

    long sequencesAddress() {
        return device + 2L * rowsMax() * Integer.BYTES;
    }

    long selectedAddress() {
        return device + 3L * rowsMax() * Integer.BYTES;
    }

    /** Address of the tiles: pairs of first row and number of rows. */
    long tilesAddress() {
        return device + 4L * rowsMax() * Integer.BYTES;
    }

    long pageTablesAddress() {
        return device + 6L * rowsMax() * Integer.BYTES;
    }

    int tiles() {
        return tiles;
    }

    /** Whether every sequence of the step has one row. */
    boolean decoding() {
        return decoding;
    }

    /** Splits of attention over the longest sequence, rounded up to a power of two. */
    int splits() {
        int splits = positionMax / CudaAttention.SPLIT_POSITIONS + 1;
        int rounded = Integer.highestOneBit(2 * splits - 1);
        return Math.min(rounded, splitsMax());
    }

    /** Splits of a sequence that fills its page table. */
    int splitsMax() {
        int positions = pagesPerSequence() * KvShape.PAGE_POSITIONS;
        return Math.ceilDiv(positions, CudaAttention.SPLIT_POSITIONS);
    }

    @Override
    public void close() {
        super.close();
        if (!closed) {
            closed = true;
            DeviceMemory.release(
                    () -> {
                        queue.synchronize();
                        queue.driver().free(device);
                        queue.driver().freePinned(staging);
                    });
        }
    }
}
