package dev.longhand.engine.schedule;

import dev.longhand.engine.decode.PagePool;
import dev.longhand.engine.decode.Sequence;
import dev.longhand.engine.generation.FinishReason;
import dev.longhand.engine.model.Qwen2Model;
import dev.longhand.engine.schedule.AdmissionQueue.Ticket;
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
 * step, and a sequence joins as soon as its pages are free. Belongs to the device thread; a step in
 * which nothing joins or leaves allocates nothing.
 */
final class Scheduler {
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
    private @Nullable Ticket
            blocked; // did not fit when last asked; asked again when someone leaves

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
        slots = new SampleSlot[sequences];
        drawing = new Sequence[sequences];
        freeTables = new int[sequences];
        for (int table = sequences - 1; table >= 0; table--) {
            freeTables[freeTableCount++] = table;
        }
    }

    /** Whether a sequence is under way. */
    boolean busy() {
        return !active.isEmpty();
    }

    /** Admits what fits, drops what was cancelled and runs one step of the rest. */
    void step() {
        dropCancelled();
        admit();
        if (active.isEmpty()) {
            return;
        }
        try {
            int count = plan();
            model.forward(batch, kv);
            backend.sample(model.logits(), slots, count);
            deliver(count);
        } catch (RuntimeException e) {
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
        } catch (RuntimeException e) { // no memory for the adapter on the device: its own trouble
            freeTables[freeTableCount++] = sequence.end(pages, false);
            sequence.fail(e);
        }
    }

    /** Fills the batch; returns how many sequences draw a token. */
    private int plan() {
        batch.clear();
        int count = 0;
        for (int i = 0; i < active.size(); i++) {
            if (active.get(i).decoding()) {
                count = addRows(active.get(i), count);
            }
        }
        for (int i = 0; i < active.size() && batch.rows() < batch.rowsMax(); i++) {
            if (!active.get(i).decoding()) {
                count = addRows(active.get(i), count);
            }
        }
        return count;
    }

    private int addRows(Sequence sequence, int count) {
        if (!sequence.addRows(batch, batch.rowsMax() - batch.rows())) {
            return count;
        }
        slots[count] = sequence.slot();
        drawing[count] = sequence;
        return count + 1;
    }

    private void deliver(int count) {
        for (int i = 0; i < count; i++) {
            Sequence sequence = drawing[i];
            RuntimeException failure = slots[i].failure();
            if (failure != null) {
                leave(sequence, false);
                sequence.fail(failure);
                continue;
            }
            @Nullable FinishReason reason = sequence.acceptToken();
            if (reason != null) {
                end(sequence, reason);
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
    }
}
