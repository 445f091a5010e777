package dev.longhand.engine.schedule;

import dev.longhand.engine.decode.PagePool;
import dev.longhand.engine.decode.Sequence;
import dev.longhand.engine.generation.FinishReason;
import dev.longhand.engine.model.DecoderModel;
import dev.longhand.engine.speculation.StepCostModel;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.batch.StepBatch;
import dev.longhand.kernels.kvcache.KvCache;
import dev.longhand.kernels.kvcache.KvShape;
import dev.longhand.kernels.sampling.SamplerState;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;

/**
 * Admits sequences and plans and runs the steps. A step has one row per decoding sequence, as many
 * prompt rows as the {@link PrefillBudget} allows, and rows that verify draft tokens if prompts
 * leave room for them. A sequence is admitted as soon as its pages are free: those of the whole
 * output if its length is declared, else those of the prompt.
 *
 * <p>An undeclared output grows page by page. If no page is left, the youngest such sequence pauses
 * and keeps its output and its place before all waiting requests. Every sequence ends: a declared
 * one holds all its pages, and the oldest of the others never waits for a younger one.
 *
 * <p>Used by the device thread only, except {@link #running}, {@link #paused}, {@link #pagesHeld}
 * and {@link #failing}. A step in which no sequence begins, pauses or ends allocates nothing.
 */
final class Scheduler {
    /**
     * After this many failed steps in a row the device counts as lost. A single step may fail for
     * lack of memory and the next one succeed.
     */
    private static final int STEPS_FAILED_MAX = 3;

    private final DecoderModel model;
    private final ComputeBackend backend;
    private final KvCache kv;
    private final AdmissionQueue queue;
    private final PagePool pages;
    private final PageGrowth growth;
    private final StepBatch batch;
    private final int[] freeTables; // a stack of page tables
    private int freeTableCount;
    private final List<Sequence> active = new ArrayList<>();
    private final SamplerState[] samplers; // of the step, those of a sequence in a row
    private final Sequence[] sampling; // sequences for which the step samples tokens
    private final int[] sampleCounts; // samples of each of them
    private int samplingCount;
    private final int draftRowsMax;
    private final StepCostModel costs;
    private final boolean steadyDecoding;
    private final PrefillBudget budget;
    private final RetryAfterEstimate retryAfter;
    private final int prefillRowsMax;
    private int stepPromptRows;
    private final List<Sequence> gone = new ArrayList<>();
    private @Nullable Sequence blocked; // lacks pages or a table; tried again when one is freed
    private volatile int running;
    private volatile int paused;
    private volatile int pagesHeld;
    private volatile int stepsFailed; // in a row

    Scheduler(
            DecoderModel model,
            ComputeBackend backend,
            KvCache kv,
            AdmissionQueue queue,
            RetryAfterEstimate retryAfter,
            EngineLimits limits) {
        this.model = model;
        this.backend = backend;
        this.kv = kv;
        this.queue = queue;
        this.retryAfter = retryAfter;
        prefillRowsMax = limits.prefillRowsMax();
        steadyDecoding = limits.steadyDecoding();
        budget = new PrefillBudget(prefillRowsMax);
        int sequences = limits.sequencesMax();
        pages = new PagePool(kv.shape().pages());
        batch =
                backend.allocateBatch(
                        limits.rowsMax(), sequences, KvShape.pagesFor(limits.contextTokensMax()));
        growth = new PageGrowth(pages, batch, active);
        samplers = new SamplerState[limits.logitRowsMax()];
        sampling = new Sequence[sequences];
        sampleCounts = new int[sequences];
        draftRowsMax = limits.draftRowsMax();
        costs = new StepCostModel(limits.logitRowsMax());
        freeTables = new int[sequences];
        for (int table = sequences - 1; table >= 0; table--) {
            freeTables[freeTableCount++] = table;
        }
    }

    /** Whether a sequence is running or paused. */
    boolean busy() {
        return !active.isEmpty() || growth.paused() > 0;
    }

    /** Returns the number of running sequences; from any thread. */
    int running() {
        return running;
    }

    /** Returns the number of paused sequences; from any thread. */
    int paused() {
        return paused;
    }

    /** Returns the number of pages that running sequences hold; from any thread. */
    int pagesHeld() {
        return pagesHeld;
    }

    /** Whether the device counts as lost, see {@code STEPS_FAILED_MAX}; from any thread. */
    boolean failing() {
        return stepsFailed >= STEPS_FAILED_MAX;
    }

    private void count() {
        running = active.size();
        paused = growth.paused();
        pagesHeld = kv.shape().pages() - pages.available();
    }

    /**
     * Ends sequences that were cancelled or are late, admits waiting ones, and runs one step. If
     * the step fails, be it by an {@link Error}, all of its sequences end with its failure.
     */
    void step() {
        try {
            dropGone(System.nanoTime());
            admit();
            if (!active.isEmpty()) {
                compute();
            }
        } catch (RuntimeException | Error e) {
            stepsFailed = Math.min(stepsFailed + 1, STEPS_FAILED_MAX);
            // Memory or a kernel failed, so no sequence of the step has a valid result.
            for (int i = active.size() - 1; i >= 0; i--) {
                leaveFailed(active.get(i), e);
            }
        }
    }

    private void compute() {
        long start = System.nanoTime();
        for (Sequence last = growth.grow(); last != null; last = growth.grow()) {
            pause(last);
        }
        int count = plan();
        boolean decodes = batch.rows() > stepPromptRows;
        model.forward(batch, kv);
        backend.sample(model.logits(), samplers, count);
        long took = System.nanoTime() - start;
        if (stepPromptRows == 0) {
            costs.measured(took);
        } else if (decodes) {
            budget.measured(took, costs.nanos(), stepPromptRows);
        }
        if (decodes) {
            budget.decoded(costs.nanos());
        }
        deliver();
        stepsFailed = 0;
        retryAfter.stepped(took, active);
    }

    /** Frees the batch. Call it after the last step. */
    void close() {
        batch.close();
    }

    /** Ends all running and paused sequences as cancelled. */
    void cancelAll() {
        for (int i = active.size() - 1; i >= 0; i--) {
            end(active.get(i), FinishReason.CANCELLED);
        }
        growth.cancelAll();
        count();
    }

    private void dropGone(long now) {
        for (int i = active.size() - 1; i >= 0; i--) {
            Sequence sequence = active.get(i);
            if (sequence.cancelled()) {
                end(sequence, FinishReason.CANCELLED);
            } else if (sequence.clock().late(now)) {
                end(sequence, FinishReason.DEADLINE);
            }
        }
        growth.endGone(now);
        count();
        queue.removeGone(now, gone);
        for (int i = gone.size() - 1; i >= 0; i--) {
            Sequence sequence = gone.remove(i);
            RuntimeException late = sequence.cancelled() ? null : queue.late();
            SequenceEnd.finish(sequence, FinishReason.CANCELLED, late);
        }
    }

    private void admit() {
        while (growth.paused() > 0) { // these go before the queue
            Sequence next = growth.oldestPaused();
            if (next == blocked || freeTableCount == 0 || !growth.resume()) {
                blocked = next;
                return;
            }
            begin(next);
        }
        while (true) {
            FutureTask<?> alone = queue.nextAlone();
            if (alone != null) {
                if (!active.isEmpty()) {
                    return;
                }
                queue.removeAlone();
                alone.run();
                continue;
            }
            Sequence next = queue.next();
            if (next == null || next == blocked || freeTableCount == 0 || !growth.reserve(next)) {
                blocked = next;
                return;
            }
            begin(next);
        }
    }

    private void pause(Sequence sequence) {
        blocked = null;
        free(sequence.pause(pages));
        active.remove(sequence);
        growth.add(sequence);
        count();
    }

    private void free(int table) {
        batch.setAdapter(table, null);
        freeTables[freeTableCount++] = table;
    }

    private void begin(Sequence sequence) {
        try {
            active.add(sequence);
            if (!sequence.clock().begun()) {
                queue.begins(sequence);
            }
            int table = freeTables[--freeTableCount];
            sequence.begin(batch, table);
            if (!sequence.promptComputed()) {
                sequence.copyPrompt(backend, kv);
            }
            batch.setAdapter(table, sequence.adapter().on(backend, model.weights()));
            count();
        } catch (RuntimeException | Error e) { // e.g. no device memory for its adapter
            leaveFailed(sequence, e);
        }
    }

    /** Fills the batch; returns the number of tokens that the step samples. */
    private int plan() {
        batch.clear();
        samplingCount = 0;
        int count = planDecoding();
        int decodeRows = batch.rows();
        int room = Math.min(prefillRowsMax, batch.rowsMax() - decodeRows);
        int prompts = PrefillBudget.total(active, 1);
        if (prompts > 0) {
            int rows =
                    steadyDecoding
                            ? budget.rows(costs.nanos(), samplingCount, prompts)
                            : prefillRowsMax;
            count = planPrompts(Math.min(room, rows), count);
        }
        stepPromptRows = batch.rows() - decodeRows;
        return count;
    }

    private int planPrompts(int rows, int samples) {
        int count = samples;
        int level = PrefillBudget.level(active, rows);
        int over = rows - PrefillBudget.total(active, level); // for prompts that want more
        for (int i = 0; i < active.size(); i++) {
            Sequence sequence = active.get(i);
            int wanted = sequence.promptRows();
            if (wanted > 0) {
                int granted = Math.min(wanted, level + over);
                over -= Math.max(0, granted - level);
                int logits = samplers.length - count - active.size() + i + 1; // one for each after
                granted = (int) Math.min(granted, (long) sequence.plainRows() + logits);
                count = granted == 0 ? count : addRows(sequence, granted, count);
            }
        }
        return count;
    }

    private int planDecoding() {
        int decoding = 0;
        int promptRows = 0;
        for (int i = 0; i < active.size(); i++) {
            decoding += active.get(i).decoding() ? 1 : 0;
            promptRows = Math.min(batch.rowsMax(), promptRows + active.get(i).promptRows());
        }
        int room = Math.max(0, batch.rowsMax() - decoding - promptRows);
        int draftRows = Math.min(draftRowsMax, room);
        costs.begin(decoding);
        int count = 0;
        for (int i = 0; i < active.size(); i++) {
            Sequence sequence = active.get(i);
            if (sequence.decoding()) {
                draftRows -= sequence.planDraft(costs, Math.ceilDiv(draftRows, decoding));
                count = addRows(sequence, batch.rowsMax() - batch.rows(), count);
                decoding--; // unused draft rows are left to the sequences after it
            }
        }
        return count;
    }

    private int addRows(Sequence sequence, int rows, int count) {
        int samples = sequence.addRows(batch, rows);
        for (int i = 0; i < samples; i++) {
            samplers[count + i] = sequence.sampler(i);
        }
        if (samples > 0) {
            sampleCounts[samplingCount] = samples;
            sampling[samplingCount++] = sequence;
        }
        return count + samples;
    }

    private void deliver() {
        for (int i = 0; i < samplingCount; i++) {
            try {
                deliver(sampling[i], sampleCounts[i]);
            } catch (RuntimeException | Error e) { // concerns this sequence only
                leaveFailed(sampling[i], e);
            }
        }
    }

    private void deliver(Sequence sequence, int samples) {
        for (int i = 0; i < samples && sequence.sampler(i).counts(); i++) {
            RuntimeException failure = sequence.sampler(i).failure();
            if (failure != null) {
                leaveFailed(sequence, failure);
                return;
            }
            boolean first = !sequence.promptComputed();
            @Nullable FinishReason reason = sequence.acceptToken(i);
            if (reason != null) {
                end(sequence, reason);
                return;
            }
            if (first && sequence.promptComputed()) {
                sequence.keepPrompt(pages);
            }
        }
    }

    private void end(Sequence sequence, FinishReason reason) {
        SequenceEnd.finish(sequence, reason, leave(sequence, true));
    }

    private void leaveFailed(Sequence sequence, Throwable cause) {
        leave(sequence, false);
        SequenceEnd.fail(sequence, cause);
    }

    /**
     * Takes a sequence out of the batch and frees its pages; the caller then ends it.
     *
     * @return what failed, a bug of ours or for lack of heap; null if nothing did
     */
    private @Nullable Throwable leave(Sequence sequence, boolean sound) {
        blocked = null;
        active.remove(sequence);
        growth.leaves(sequence);
        try {
            free(sequence.end(pages, sound));
            if (active.isEmpty()) {
                pages.requireNoneHeld();
            }
            return null;
        } catch (RuntimeException | Error e) {
            return e;
        } finally {
            count();
            retryAfter.left(System.nanoTime());
        }
    }
}
