package dev.longhand.kernels.cuda;

import dev.longhand.bindings.cuda.CudaQueue;
import dev.longhand.kernels.batch.StepBatch;
import dev.longhand.kernels.kvcache.KvShape;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * A step batch with its copy on the device: one block, uploaded in one transfer when a kernel first
 * needs it. Beside the rows it holds the tiles of the {@link AttentionPlan} and the table of the
 * rows' adapters.
 */
final class CudaStepBatch extends StepBatch {
    private final CudaQueue queue;
    private final CudaLoras loras;
    private final MemorySegment staging;
    private final long device;
    private final Part tokens;
    private final Part positions;
    private final Part sequences;
    private final Part selected;
    private final Part tiles;
    private final Part pageTables;
    private final Part adapters;
    private final AttentionPlan plan;
    private final CudaLoraRows loraRows;
    private final int positionsMax;
    private long partials;
    private long partialBytes;
    private long uploaded = -1;
    private long uploadedLoras = -1;
    private final List<Long> partialMemory = new ArrayList<>();
    private boolean adapted;
    private boolean closed;

    /** A part of the block: where the host writes it and where the device reads it. */
    private record Part(MemorySegment staged, long address) {}

    CudaStepBatch(
            CudaQueue queue, CudaLoras loras, int rowsMax, int sequencesMax, int pagesPerSequence) {
        super(rowsMax, sequencesMax, pagesPerSequence);
        this.queue = queue;
        this.loras = loras;
        long row = (long) rowsMax * Integer.BYTES; // an int32 of every row
        long tilesAt = 4 * row;
        long pageTablesAt = tilesAt + AttentionPlan.tileBytes(rowsMax);
        long pageTableBytes = (long) sequencesMax * pagesPerSequence * Integer.BYTES;
        long adaptersAt = Math.ceilDiv(pageTablesAt + pageTableBytes, Long.BYTES) * Long.BYTES;
        long bytes = adaptersAt + CudaLoraRows.bytes(rowsMax);
        try {
            staging = queue.driver().allocatePinned(bytes);
            device = queue.driver().allocate(bytes);
        } catch (RuntimeException e) {
            super.close(); // memory of the driver is freed when it closes
            throw e;
        }
        tokens = part(0, row);
        positions = part(row, row);
        sequences = part(2 * row, row);
        selected = part(3 * row, row);
        tiles = part(tilesAt, pageTablesAt - tilesAt);
        pageTables = part(pageTablesAt, pageTableBytes);
        adapters = part(adaptersAt, bytes - adaptersAt);
        positionsMax = pagesPerSequence * KvShape.PAGE_POSITIONS;
        plan = new AttentionPlan(tiles.staged, positionsMax);
        loraRows = new CudaLoraRows(adapters.staged, rowsMax);
    }

    private Part part(long at, long bytes) {
        return new Part(staging.asSlice(at, bytes), device + at);
    }

    /**
     * Brings the plan and the device's copy up to date.
     *
     * @throws IllegalStateException if a row's adapter is closed
     */
    void synchronise() {
        if (uploaded == version() && uploadedLoras == loras.version()) {
            return;
        }
        queue.synchronize(); // the previous step's transfer may still read the staging
        plan.make(this);
        adapted = CudaLoraRows.any(this);
        if (adapted) {
            loraRows.write(this, loras);
        }
        upload();
        uploaded = version();
        uploadedLoras = loras.version();
    }

    private void upload() {
        tokens.staged.copyFrom(tokens());
        positions.staged.copyFrom(positions());
        sequences.staged.copyFrom(sequences());
        selected.staged.copyFrom(selectedRows());
        pageTables.staged.copyFrom(pageTables());
        queue.copyToDevice(device, staging);
    }

    /** How the attention of the step is launched, as of the last {@link #synchronise}. */
    AttentionPlan plan() {
        return plan;
    }

    /** The address of the table of rows and their adapters; 0 if no row has one. */
    long loraTable() {
        return adapted ? adapters.address : 0;
    }

    /** Groups of linear layers that adapters change in this step; 0 without adapters. */
    int loraGroups() {
        return adapted ? loras.groups() : 0;
    }

    /**
     * Returns the address of memory for the partial results of attention, enough for every sequence
     * at its maximum length. The same model always gets the same address, which recordings hold.
     */
    long partials(int heads, int headDim) {
        long wanted = CudaAttention.partialBytes(sequencesMax(), heads, headDim, positionsMax);
        if (wanted > partialBytes) {
            partials = queue.driver().allocate(wanted);
            partialBytes = wanted;
            partialMemory.add(partials);
        }
        return partials;
    }

    long tokensAddress() {
        return tokens.address;
    }

    long positionsAddress() {
        return positions.address;
    }

    long sequencesAddress() {
        return sequences.address;
    }

    long selectedAddress() {
        return selected.address;
    }

    /** Address of the tiles: pairs of first row and number of rows. */
    long tilesAddress() {
        return tiles.address;
    }

    long pageTablesAddress() {
        return pageTables.address;
    }

    @Override
    public void close() {
        super.close();
        if (!closed) {
            closed = true;
            DeviceMemory.release(
                    () -> {
                        queue.synchronize();
                        partialMemory.forEach(queue.driver()::free);
                        queue.driver().free(device);
                        queue.driver().freePinned(staging);
                    });
        }
    }
}
