package dev.longhand.kernels.cuda;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.longhand.bindings.cuda.CudaQueue;
import dev.longhand.kernels.sampling.SampleSlot;
import dev.longhand.kernels.sampling.SamplingParams;
import dev.longhand.kernels.sampling.SlotRecord;
import dev.longhand.kernels.tensor.Shape;

import java.lang.foreign.MemorySegment;

/**
 * The launch of {@code sample.cu} over logits of one shape. A step sends {@link SlotRecord#BYTES}
 * for each row and gets 4 bytes back, plus, where log-probabilities are asked for, 8 for each and
 * 16 more for the row; a row with a NaN or infinity costs a copy of it.
 */
final class CudaSampler {
    private static final int THREADS = 1024;
    private static final long REPORT_BYTES_MAX =
            (long) Long.BYTES * SlotRecord.reportLongs(SamplingParams.LOGPROBS_MAX);

    private final CudaQueue queue;
    private final DeviceMemory memory;
    private final KernelCall call;
    private final Shape shape;
    private final CudaSamplerState state;
    private final long recordsAddress;
    private final long tokensAddress;
    private final long reportsAddress;
    private final MemorySegment staging;
    private final MemorySegment tokens;
    private final MemorySegment reports;
    private final MemorySegment value;
    private final MemorySegment[] recordsOfRows; // by how many rows: a step makes no slices
    private final MemorySegment[] tokensOfRows;
    private MemorySegment reported;

    /**
     * A sampler.
     *
     * @param shape of the logits: rows that may draw at a time, vocabulary with its padding
     */
    CudaSampler(CudaQueue queue, DeviceMemory memory, KernelCall call, Shape shape) {
        this.queue = queue;
        this.memory = memory;
        this.call = call;
        this.shape = shape;
        int rows = Math.toIntExact(shape.rows());
        long recordBytes = (long) rows * SlotRecord.BYTES;
        long tokenBytes = (long) rows * Integer.BYTES;
        long reportBytes = rows * REPORT_BYTES_MAX;
        state = new CudaSamplerState(memory, rows, shape.width());
        recordsAddress = memory.allocateZeros(recordBytes);
        tokensAddress = memory.allocateZeros(tokenBytes);
        reportsAddress = memory.allocateZeros(reportBytes);
        staging = queue.driver().allocatePinned(recordBytes);
        tokens = queue.driver().allocatePinned(tokenBytes);
        reports = queue.driver().allocatePinned(reportBytes);
        value = queue.driver().allocatePinned(Float.BYTES);
        reported = reports;
        recordsOfRows = new MemorySegment[rows + 1];
        tokensOfRows = new MemorySegment[rows + 1];
        for (int i = 0; i <= rows; i++) {
            recordsOfRows[i] = staging.asSlice(0, (long) i * SlotRecord.BYTES);
            tokensOfRows[i] = tokens.asSlice(0, (long) i * Integer.BYTES);
        }
    }

    /** Device memory of a sampler for logits of a shape. */
    static long bytes(Shape shape) {
        long row = SlotRecord.BYTES + Integer.BYTES + REPORT_BYTES_MAX;
        return shape.rows() * (row + CudaSamplerState.bytes(shape.width()));
    }

    boolean fits(Shape logits) {
        return shape.equals(logits);
    }

    /** Draws from the rows at an address; uses them up. */
    void sample(long logits, SampleSlot[] slots, int count) {
        if (count == 0) {
            return;
        }
        int longs = write(slots, count);
        queue.copyToDevice(recordsAddress, recordsOfRows[count]);
        call.begin().parameter(logits).parameter((int) shape.width()).parameter(recordsAddress);
        call.parameter(state.histories()).parameter(state.half());
        call.parameter(state.counts()).parameter(state.biases());
        call.parameter(tokensAddress).parameter(reportsAddress);
        call.launch(count, 1, 1, THREADS);
        queue.copyToHost(tokensOfRows[count], tokensAddress);
        if (longs > 0) {
            queue.copyToHost(reported(longs), reportsAddress);
        }
        queue.synchronize();
        accept(logits, slots, count);
    }

    /** Fills the records; returns how many longs will be reported. */
    private int write(SampleSlot[] slots, int count) {
        state.begin();
        int longs = 0;
        for (int row = 0; row < count; row++) {
            SlotRecord.check(slots[row], shape.width());
            int place = state.place(slots[row], row);
            SlotRecord.write(staging, row, slots[row], place, longs);
            longs += SlotRecord.reportLongs(slots[row]);
        }
        return longs;
    }

    /** As much of the reports; the same slice as long as the same is asked for. */
    private MemorySegment reported(int longs) {
        long bytes = (long) longs * Long.BYTES;
        if (reported.byteSize() != bytes) {
            reported = reports.asSlice(0, bytes);
        }
        return reported;
    }

    private void accept(long logits, SampleSlot[] slots, int count) {
        int report = 0;
        for (int row = 0; row < count; row++) {
            SampleSlot slot = slots[row];
            int token = tokens.getAtIndex(JAVA_INT, row);
            if (token < 0) {
                fail(logits, row, -1 - token, slot);
            } else {
                SlotRecord.accept(slot, token, reports, report);
            }
            state.drawn(slot, row);
            report += SlotRecord.reportLongs(slot);
        }
    }

    private void fail(long logits, int row, int token, SampleSlot slot) {
        long at = (row * shape.width() + token) * Float.BYTES;
        queue.copyToHost(value, logits + at);
        queue.synchronize();
        SlotRecord.fail(slot, token, value.get(JAVA_FLOAT, 0));
    }

    /** Frees the memory. */
    void close() {
        queue.synchronize();
        state.close();
        memory.free(recordsAddress);
        memory.free(tokensAddress);
        memory.free(reportsAddress);
        queue.driver().freePinned(staging);
        queue.driver().freePinned(tokens);
        queue.driver().freePinned(reports);
        queue.driver().freePinned(value);
    }
}
