package dev.longhand.kernels.cuda;

import dev.longhand.kernels.cuda.KernelStruct.Float32;
import dev.longhand.kernels.cuda.KernelStruct.Int32;
import dev.longhand.kernels.cuda.KernelStruct.Int64;
import dev.longhand.kernels.lora.LoraAdapter;
import dev.longhand.kernels.lora.LoraDelta;
import dev.longhand.kernels.lora.LoraMatrix;
import dev.longhand.kernels.tensor.HostTensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * An adapter in one block of device memory: a table of its groups, then A and B of each in bf16
 * (f16 and f32 are rounded), as {@code lora.cuh} reads them. Rows of A are padded to whole chunks,
 * and ranks to multiples of {@link #RANKS}, because a lane reads 16 bytes.
 */
final class CudaLora implements LoraAdapter {
    /** The largest number of matrices in a group: q, k, v. */
    private static final int MATRICES = 3;

    private static final int RANKS = 8;
    private static final long ALIGNMENT = 256;

    private static final KernelStruct ADAPTER = new KernelStruct("LoraAdapter");
    private static final Int64 GROUPS = ADAPTER.int64("groups");
    private static final long CHANGES = ADAPTER.offset("changes");
    private static final KernelStruct CHANGE = new KernelStruct("LoraChange");
    private static final Int64 A = CHANGE.int64("a");
    private static final Int64 B = CHANGE.int64("b");
    private static final Int32 RANK = CHANGE.int32("rank");
    private static final Float32 SCALE = CHANGE.float32("scale");

    private final CudaLoras owner;
    private final long address;
    private final long bytes;
    private final int ranksMax;
    private boolean closed;

    /** A matrix and its offset in the block. */
    private record Placed(HostTensor matrix, long offset, long rows, long rowBytes) {}

    /** Uploads an adapter that changes groups with indices below {@code groups}. */
    CudaLora(CudaLoras owner, DeviceMemory memory, int groups, Map<CudaLinear, LoraDelta> deltas) {
        this.owner = owner;
        Layout layout = new Layout(groups);
        deltas.values().forEach(layout::add);
        bytes = layout.end;
        ranksMax = layout.ranksMax;
        address = memory.allocate(bytes);
        try (Arena arena = Arena.ofConfined()) {
            memory.upload(address, layout.table(arena, address, deltas));
            for (Placed placed : layout.matrices) {
                CudaMatrix.uploadRows(
                        memory,
                        address + placed.offset(),
                        placed.matrix(),
                        placed.rows(),
                        placed.rowBytes());
            }
        } catch (RuntimeException e) {
            memory.free(address);
            throw e;
        }
    }

    /** The layout of the block: for each group, A of all matrices contiguously, then each B. */
    private static final class Layout {
        private final int groups;
        private final List<Placed> matrices = new ArrayList<>();
        private long end;
        private int ranksMax;

        Layout(int groups) {
            this.groups = groups;
            end = aligned(tableBytes());
        }

        void add(LoraDelta delta) {
            int count = delta.linear().matrices().size();
            if (count > MATRICES) {
                throw new IllegalArgumentException(
                        "adapters change groups of at most %d matrices, not %d"
                                .formatted(MATRICES, count));
            }
            int ranks = 0;
            for (int m = 0; m < count; m++) {
                LoraMatrix change = delta.change(m);
                if (change != null) {
                    place(change.a(), padded(change), CudaMatrix.rowBytes(change.inputs()));
                    ranks += padded(change);
                }
            }
            end = aligned(end);
            for (int m = 0; m < count; m++) {
                LoraMatrix change = delta.change(m);
                if (change != null) {
                    place(change.b(), change.outputs(), (long) padded(change) * Short.BYTES);
                    end = aligned(end);
                }
            }
            ranksMax = Math.max(ranksMax, ranks);
        }

        private void place(HostTensor matrix, long rows, long rowBytes) {
            matrices.add(new Placed(matrix, end, rows, rowBytes));
            end += rows * rowBytes;
        }

        /** Returns the {@code LoraAdapter} struct of lora.cuh, with device addresses. */
        MemorySegment table(Arena arena, long address, Map<CudaLinear, LoraDelta> deltas) {
            MemorySegment table = arena.allocate(tableBytes(), Long.BYTES);
            GROUPS.set(table, 0, groups);
            int next = 0;
            for (Map.Entry<CudaLinear, LoraDelta> entry : deltas.entrySet()) {
                LoraDelta delta = entry.getValue();
                int group = entry.getKey().loraGroup();
                long at = CHANGES + group * CHANGE.bytes();
                int count = delta.linear().matrices().size();
                int changed = delta.changes().size();
                if (changed > 0) {
                    A.set(table, at, address + matrices.get(next).offset());
                    next += changed;
                }
                for (int m = 0; m < count; m++) {
                    LoraMatrix change = delta.change(m);
                    if (change != null) {
                        B.set(table, at, m, address + matrices.get(next++).offset());
                        RANK.set(table, at, m, padded(change));
                        SCALE.set(table, at, m, change.scale());
                    }
                }
            }
            return table;
        }

        private long tableBytes() {
            return CHANGES + groups * CHANGE.bytes();
        }

        private static int padded(LoraMatrix change) {
            return Math.ceilDiv(change.rank(), RANKS) * RANKS;
        }

        private static long aligned(long offset) {
            return Math.ceilDiv(offset, ALIGNMENT) * ALIGNMENT;
        }
    }

    /** The address of the block on the device. */
    long address() {
        return address;
    }

    /**
     * Checks that the adapter is not closed.
     *
     * @throws IllegalStateException if it is closed
     */
    void requireOpen() {
        if (closed) {
            throw new IllegalStateException("a row's adapter is closed");
        }
    }

    /** The largest sum of ranks of a group's matrices. */
    int ranksMax() {
        return ranksMax;
    }

    @Override
    public long bytes() {
        return bytes;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            owner.unload(address);
        }
    }
}
