package dev.longhand.kernels.cuda;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.longhand.bindings.cuda.CudaQueue;
import dev.longhand.kernels.sampling.NonFiniteLogitsException;
import dev.longhand.kernels.sampling.SamplerState;
import dev.longhand.kernels.sampling.SamplingParams;
import dev.longhand.kernels.tensor.Shape;

import java.lang.foreign.MemorySegment;

/**
 * The launch of {@code sample.cu} over logits of one shape. Per row, a step sends {@link
 * SampleSlotLayout#BYTES} and reads 4 bytes back; log-probabilities add 16 bytes plus 8 for each of
 * them. A row with a NaN or infinity costs one more copy.
 */
final class CudaSampler {
    private static final int THREADS = 1024;
    private static final long REPORT_BYTES_MAX =
            (long) Long.BYTES * SampleSlotLayout.reportLongs(SamplingParams.LOGPROBS_MAX);

    private final CudaQueue queue;
    private final DeviceMemory memory;
    private final KernelCall call;
    private final Shape shape;
    private final SampleHistories histories;
    private final AllowedTokens allowed;
    private final long slotsAddress;
    private final long tokensAddress;
    private final long reportsAddress;
    private final MemorySegment staging;
    private final MemorySegment tokens;
    private final MemorySegment reports;
    private final MemorySegment chosenLogits; // by row
    private final MemorySegment[] slotsOfRows; // by number of rows: a step allocates no slices
    private final MemorySegment[] tokensOfRows;
    private final MemorySegment[] chosenLogitOfRow;
    private MemorySegment reported;

    /**
     * Creates a sampler.
     *
     * @param shape shape of the logits: rows that may be sampled at a time, and the vocabulary with
     *     its padding
     */
    CudaSampler(CudaQueue queue, DeviceMemory memory, KernelCall call, Shape shape) {
        this.queue = queue;
        this.memory = memory;
        this.call = call;
        this.shape = shape;
        int rows = Math.toIntExact(shape.rows());
        long slotBytes = (long) rows * SampleSlotLayout.BYTES;
        long tokenBytes = (long) rows * Integer.BYTES;
        long reportBytes = rows * REPORT_BYTES_MAX;
        histories = new SampleHistories(memory, rows, shape.width());
        allowed = new AllowedTokens(memory, rows, histories.half());
        slotsAddress = memory.allocateZeros(slotBytes);
        tokensAddress = memory.allocateZeros(tokenBytes);
        reportsAddress = memory.allocateZeros(reportBytes);
        staging = queue.driver().allocatePinned(slotBytes);
        tokens = queue.driver().allocatePinned(tokenBytes);
        reports = queue.driver().allocatePinned(reportBytes);
        chosenLogits = queue.driver().allocatePinned((long) rows * Float.BYTES);
        reported = reports;
        slotsOfRows = new MemorySegment[rows + 1];
        tokensOfRows = new MemorySegment[rows + 1];
        chosenLogitOfRow = new MemorySegment[rows];
        for (int i = 0; i <= rows; i++) {
            slotsOfRows[i] = staging.asSlice(0, (long) i * SampleSlotLayout.BYTES);
            tokensOfRows[i] = tokens.asSlice(0, (long) i * Integer.BYTES);
        }
        for (int i = 0; i < rows; i++) {
            chosenLogitOfRow[i] = chosenLogits.asSlice((long) i * Float.BYTES, Float.BYTES);
        }
    }

    /** Bytes of device memory that a sampler for logits of this shape takes. */
    static long bytes(Shape shape) {
        long row = SampleSlotLayout.BYTES + Integer.BYTES + REPORT_BYTES_MAX;
        return shape.rows()
                * (row + SampleHistories.bytes(shape.width()) + AllowedTokens.bytes(shape.width()));
    }

    boolean fits(Shape logits) {
        return shape.equals(logits);
    }

    /** Samples from the rows at an address and overwrites them. */
    void sample(long logits, SamplerState[] states, int count) {
        if (count == 0) {
            return;
        }
        int longs = write(states, count);
        queue.copyToDevice(slotsAddress, slotsOfRows[count]);
        call.begin().parameter(logits).parameter((int) shape.width()).parameter(slotsAddress);
        call.parameter(histories.histories()).parameter(histories.half());
        call.parameter(histories.counts()).parameter(histories.biases());
        call.parameter(allowed.address());
        call.parameter(tokensAddress).parameter(reportsAddress);
        call.launch(count, 1, 1, THREADS);
        queue.copyToHost(tokensOfRows[count], tokensAddress);
        if (longs > 0) {
            queue.copyToHost(reported(longs), reportsAddress);
        }
        queue.synchronize();
        accept(logits, states, count);
    }

    /** Writes the slots; returns the number of longs that the kernel will report. */
    private int write(SamplerState[] states, int count) {
        histories.begin();
        int longs = 0;
        for (int row = 0; row < count; row++) {
            check(states[row]);
            int place = histories.place(states[row], row);
            allowed.update(states[row], row);
            SampleSlotLayout.write(staging, row, states[row], place, longs);
            longs += SampleSlotLayout.reportLongs(states[row].reported());
        }
        return longs;
    }

    /**
     * Returns the first {@code longs} of the reports; reuses the slice if the number is unchanged.
     */
    private MemorySegment reported(int longs) {
        long bytes = (long) longs * Long.BYTES;
        if (reported.byteSize() != bytes) {
            reported = reports.asSlice(0, bytes);
        }
        return reported;
    }

    private void check(SamplerState state) {
        if (state.vocabulary() > shape.width()) {
            throw new IllegalArgumentException(
                    "a vocabulary of %d tokens cannot be sampled from %d logits"
                            .formatted(state.vocabulary(), shape.width()));
        }
    }

    private void accept(long logits, SamplerState[] states, int count) {
        fetchChosen(logits, states, count);
        int report = 0;
        for (int row = 0; row < count; row++) {
            SamplerState state = states[row];
            int token = tokens.getAtIndex(JAVA_INT, row);
            if (token < 0) {
                float logit = chosenLogits.getAtIndex(JAVA_FLOAT, row);
                state.fail(new NonFiniteLogitsException(-1 - token, logit));
            } else {
                SampleSlotLayout.readReport(reports, report, state);
                if (state.reported() > 0) {
                    state.reportChosen(
                            state.chosen(token), chosenLogits.getAtIndex(JAVA_FLOAT, row));
                }
                state.accept(token);
            }
            histories.sampled(state, row);
            report += SampleSlotLayout.reportLongs(state.reported());
        }
    }

    /**
     * Copies the logits that the host needs: of reported rows the token's, of failed ones theirs.
     */
    private void fetchChosen(long logits, SamplerState[] states, int count) {
        boolean any = false;
        for (int row = 0; row < count; row++) {
            int token = tokens.getAtIndex(JAVA_INT, row);
            if (token < 0 || states[row].reported() > 0) {
                int wanted = token < 0 ? -1 - token : states[row].chosen(token);
                long at = (row * shape.width() + wanted) * Float.BYTES;
                queue.copyToHost(chosenLogitOfRow[row], logits + at);
                any = true;
            }
        }
        if (any) {
            queue.synchronize();
        }
    }

    /** Frees the memory. */
    void close() {
        queue.synchronize();
        histories.close();
        allowed.close();
        memory.free(slotsAddress);
        memory.free(tokensAddress);
        memory.free(reportsAddress);
        queue.driver().freePinned(staging);
        queue.driver().freePinned(tokens);
        queue.driver().freePinned(reports);
        queue.driver().freePinned(chosenLogits);
    }
}
