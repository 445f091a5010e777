package dev.longhand.engine.schedule;

import dev.longhand.engine.decode.PagePool;
import dev.longhand.engine.decode.Sequence;
import dev.longhand.engine.generation.FinishReason;
import dev.longhand.engine.model.Qwen2Model;
import dev.longhand.engine.schedule.AdmissionQueue.Ticket;
import dev.longhand.engine.speculation.StepForecast;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.batch.StepBatch;
import dev.longhand.kernels.kvcache.KvCache;
import dev.longhand.kernels.kvcache.KvShape;
import dev.longhand.kernels.sampling.SampleSlot;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Plans and runs the steps: every decoding sequence adds one row, prompts fill what is left of the
 * step, guessed tokens what is left then, and a sequence joins as soon as its pages are free.
 * Belongs to the device thread; a step in which nothing joins or leaves allocates nothing.
 */
final class Scheduler {
    /** A step may fail for want of memory and the next succeed; a lost device fails them all. */
    private static final int STEPS_FAILED_MAX = 3;

    private final Qwen2Model model;
    private final ComputeBackend backend;
    private final KvCache kv;
    private final AdmissionQueue queue;
    private final PagePool pages;
    private final StepBatch batch;
    private final int[] freeTables;
    private int freeTableCount;
    private final List<Sequence> active = new ArrayList<>();
    private final SampleSlot[] slots;
    private final Sequence[] drawing;
    private final int[] draws; // by index in drawing
    private int drawingCount;
    private final int draftRowsMax;
    private final StepForecast forecast;
    private @Nullable Ticket
            blocked; // did not fit when last asked; asked again when someone leaves
    private volatile int running;
    private volatile int pagesHeld;
    private volatile int stepsFailed; // since the last that succeeded

    Scheduler(
            Qwen2Model model,
            ComputeBackend backend,
            KvCache kv,
            AdmissionQueue queue,
            EngineLimits limits) {
        this.model = model;
        this.backend = backend;
        this.kv = kv;
        this.queue = queue;
        int sequences = limits.sequencesMax();
        pages = new PagePool(kv.shape().pages());
        batch =
                backend.allocateBatch(
                        limits.rowsMax(), sequences, KvShape.pagesFor(limits.contextTokensMax()));
        slots = new SampleSlot[limits.logitRowsMax()];
        drawing = new Sequence[sequences];
        draws = new int[sequences];
        draftRowsMax = limits.draftRowsMax();
        forecast = new StepForecast(limits.logitRowsMax());
        freeTables = new int[sequences];
        for (int table = sequences - 1; table >= 0; table--) {
            freeTables[freeTableCount++] = table;
        }
    }

    /** Whether a sequence is under way. */
    boolean busy() {
        return !active.isEmpty();
    }

    /** How many sequences are under way; from any thread, like the next two. */
    int running() {
        return running;
    }

    /** Pages that sequences hold. */
    int pagesHeld() {
        return pagesHeld;
    }

    /** Whether the last steps all failed. */
    boolean failing() {
        return stepsFailed >= STEPS_FAILED_MAX;
    }

    private void count() {
        running = active.size();
        pagesHeld = kv.shape().pages() - pages.available();
    }

    /** Admits what fits, drops what was cancelled and runs one step of the rest. */
    void step() {
        dropCancelled();
        admit();
        if (active.isEmpty()) {
            return;
        }
        try {
            long start = System.nanoTime();
            int count = plan();
            boolean decodesOnly = count == batch.rows();
            model.forward(batch, kv);
            backend.sample(model.logits(), slots, count);
            if (decodesOnly) {
                forecast.measured(System.nanoTime() - start);
            }
            deliver();
            stepsFailed = 0;
        } catch (RuntimeException e) {
            stepsFailed = Math.min(stepsFailed + 1, STEPS_FAILED_MAX);
            // A failure of the step itself (memory, a kernel) concerns all of its sequences.
            for (int i = active.size() - 1; i >= 0; i--) {
                Sequence sequence = active.get(i);
                leave(sequence, false);
                sequence.fail(e);
            }
        }
    }

    /** Frees the batch; after the last step. */
    void close() {
        batch.close();
    }

    /** Ends every sequence as cancelled. */
    void cancelAll() {
        for (int i = active.size() - 1; i >= 0; i--) {
            end(active.get(i), FinishReason.CANCELLED);
        }
    }

    private void dropCancelled() {
        for (int i = active.size() - 1; i >= 0; i--) {
            if (active.get(i).cancelled()) {
                end(active.get(i), FinishReason.CANCELLED);
            }
        }
    }

    private void admit() {
        for (Ticket next = queue.peek(); next != null; next = queue.peek()) {
            Sequence sequence = next.sequence();
            if (sequence == null) {
                if (!active.isEmpty()) {
                    return;
                }
                queue.remove(next);
                Objects.requireNonNull(next.alone()).run();
            } else if (sequence.cancelled()) {
                queue.remove(next);
                sequence.finish(FinishReason.CANCELLED);
            } else if (next.equals(blocked)) {
                return;
            } else if (freeTableCount > 0 && sequence.reserve(pages)) {
                queue.remove(next);
                begin(sequence);
            } else {
                blocked = next;
                return;
            }
        }
    }

    private void begin(Sequence sequence) {
        int table = freeTables[--freeTableCount];
        sequence.begin(batch, table);
        try {
            batch.setAdapter(table, sequence.adapter().on(backend, model.weights()));
            active.add(sequence);
            count();
        } catch (RuntimeException e) { // no memory for the adapter on the device: its own trouble
            freeTables[freeTableCount++] = sequence.end(pages, false);
            sequence.fail(e);
        }
    }

    /** Fills the batch; returns how many tokens the step draws. */
    private int plan() {
        batch.clear();
        drawingCount = 0;
        int count = planDecoding();
        for (int i = 0; i < active.size() && batch.rows() < batch.rowsMax(); i++) {
            if (!active.get(i).decoding()) {
                count = addRows(active.get(i), count);
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
        int drafts = Math.min(draftRowsMax, room);
        forecast.begin(decoding);
        int count = 0;
        for (int i = 0; i < active.size(); i++) {
            Sequence sequence = active.get(i);
            if (sequence.decoding()) {
                int before = count;
                sequence.planDraft(forecast, Math.ceilDiv(drafts, decoding));
                count = addRows(sequence, count);
                drafts -= count - before - 1;
                decoding--; // who drafts less leaves more to those after it
            }
        }
        return count;
    }

    private int addRows(Sequence sequence, int count) {
        int drawn = sequence.addRows(batch, batch.rowsMax() - batch.rows());
        for (int i = 0; i < drawn; i++) {
            slots[count + i] = sequence.slot(i);
        }
        if (drawn > 0) {
            draws[drawingCount] = drawn;
            drawing[drawingCount++] = sequence;
        }
        return count + drawn;
    }

    private void deliver() {
        for (int i = 0; i < drawingCount; i++) {
            deliver(drawing[i], draws[i]);
        }
    }

    private void deliver(Sequence sequence, int drawn) {
        for (int i = 0; i < drawn && sequence.slot(i).counts(); i++) {
            RuntimeException failure = sequence.slot(i).failure();
            if (failure != null) {
                leave(sequence, false);
                sequence.fail(failure);
                return;
            }
            @Nullable FinishReason reason = sequence.acceptToken(i);
            if (reason != null) {
                end(sequence, reason);
                return;
            }
        }
    }

    private void end(Sequence sequence, FinishReason reason) {
        leave(sequence, true);
        sequence.finish(reason);
    }

    private void leave(Sequence sequence, boolean sound) {
        blocked = null;
        active.remove(sequence);
        int table = sequence.end(pages, sound);
        batch.setAdapter(table, null);
        freeTables[freeTableCount++] = table;
        count();
    }
}
