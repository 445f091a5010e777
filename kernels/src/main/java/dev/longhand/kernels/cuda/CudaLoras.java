package dev.longhand.kernels.cuda;

import dev.longhand.bindings.cuda.CudaQueue;
import dev.longhand.kernels.batch.Rows;
import dev.longhand.kernels.lora.LoraDelta;

import org.jspecify.annotations.Nullable;

import java.util.Map;

/**
 * The adapters of one backend: the groups of linear layers that any of them has changed so far, and
 * the memory in which the shrink kernel leaves A x for the kernel of the product.
 */
final class CudaLoras {
    /** Parts in which A x of few rows is summed, as in {@code lora_shrink.cu}. */
    static final int PARTS = 8;

    private static final int PARTED_ROWS_MAX = 16;

    private final CudaQueue queue;
    private final DeviceMemory memory;
    private int groups;
    private int live;
    private int ranksMax;
    private long shrunk;
    private long shrunkBytes;
    private long version;
    private @Nullable Other other;

    /** The table of rows outside a step batch. */
    private record Other(CudaLoraRows rows, long address) {}

    CudaLoras(CudaQueue queue, DeviceMemory memory) {
        this.queue = queue;
        this.memory = memory;
    }

    /** Uploads an adapter. */
    CudaLora load(Map<CudaLinear, LoraDelta> deltas) {
        for (CudaLinear linear : deltas.keySet()) {
            if (linear.loraGroup() < 0) {
                linear.setLoraGroup(groups++);
            }
        }
        CudaLora lora = new CudaLora(this, memory, groups, deltas);
        ranksMax = Math.max(ranksMax, lora.ranksMax());
        live++;
        version++;
        return lora;
    }

    /** Frees an adapter; the last one also frees the memory that all adapters share. */
    void unload(long address) {
        live--;
        version++;
        DeviceMemory.release(
                () -> {
                    queue.synchronize();
                    memory.free(address);
                    if (live == 0) {
                        freeShared();
                    }
                });
    }

    private void freeShared() {
        Other table = other;
        other = null;
        if (table != null) {
            memory.free(table.address());
            queue.driver().freePinned(table.rows().staging());
        }
        long last = shrunk;
        shrunk = 0;
        shrunkBytes = 0;
        ranksMax = 0;
        if (last != 0) {
            memory.free(last);
        }
    }

    /**
     * The number of groups that adapters have changed so far. The launches of a step with adapters
     * depend on no other property of the adapters.
     */
    int groups() {
        return groups;
    }

    /** Incremented by every change that makes tables of rows stale. */
    long version() {
        return version;
    }

    /** The number of parts in which A x of {@code rows} rows is stored. */
    static int parts(int rows) {
        return rows <= PARTED_ROWS_MAX ? PARTS : 1;
    }

    /** Floats from one part of A x to the next. */
    int pitch() {
        return ranksMax;
    }

    /**
     * Returns the address of memory for A x of {@code rows} rows; may free what earlier calls
     * returned.
     */
    long shrunk(int rows) {
        long bytes = (long) rows * parts(rows) * pitch() * Float.BYTES;
        if (bytes > shrunkBytes) {
            queue.synchronize();
            if (shrunk != 0) {
                memory.free(shrunk);
                shrunk = 0;
                shrunkBytes = 0;
            }
            shrunk = memory.allocate(bytes);
            shrunkBytes = bytes;
            version++;
        }
        return shrunk;
    }

    /**
     * Returns the address of the table of rows and adapters for a product; 0 if no adapter can
     * change the product.
     *
     * @throws IllegalStateException if a row's adapter is closed
     */
    long table(Rows rows, CudaLinear linear) {
        if (linear.loraGroup() < 0) {
            return 0;
        }
        if (rows instanceof CudaStepBatch batch) {
            batch.synchronise();
            return batch.loraTable();
        }
        return CudaLoraRows.any(rows) ? otherTable(rows) : 0;
    }

    private long otherTable(Rows rows) {
        queue.synchronize(); // the previous transfer may still read the staging
        Other table = other;
        if (table == null || table.rows().capacity() < rows.rows()) {
            if (table != null) {
                other = null;
                memory.free(table.address());
                queue.driver().freePinned(table.rows().staging());
            }
            long bytes = CudaLoraRows.bytes(rows.rows());
            CudaLoraRows staged =
                    new CudaLoraRows(queue.driver().allocatePinned(bytes), rows.rows());
            table = new Other(staged, memory.allocate(bytes));
            other = table;
        }
        table.rows().write(rows, this);
        queue.copyToDevice(table.address(), table.rows().staging());
        return table.address();
    }
}
