package dev.longhand.engine.schedule;

import dev.longhand.engine.decode.PagePool;
import dev.longhand.engine.decode.Sequence;
import dev.longhand.engine.generation.FinishReason;
import dev.longhand.engine.work.HeapBudget;
import dev.longhand.kernels.batch.StepBatch;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/**
 * Grows sequences with an undeclared output page by page, and holds those that pause because no
 * page was left. Admits sequences by the heap that their outputs take, which a paused one keeps.
 * Used by the device thread only.
 */
final class PageGrowth {
    /**
     * Pages per growing sequence that stay available when another sequence returns from its pause,
     * so that it does not pause again at once.
     */
    private static final int SPARE_PAGES = 4;

    private final PagePool pages;
    private final StepBatch batch;
    private final List<Sequence> active;
    private final HeapBudget heap = new HeapBudget(EngineLimits.outputBytesMax());
    private final List<Sequence> paused = new ArrayList<>(); // oldest first

    /**
     * Creates a growth without paused sequences.
     *
     * @param active running sequences; the scheduler changes the list
     */
    PageGrowth(PagePool pages, StepBatch batch, List<Sequence> active) {
        this.pages = pages;
        this.batch = batch;
        this.active = active;
    }

    /**
     * Reserves the pages of a sequence from the queue and its part of the heap for outputs.
     *
     * @return whether there was enough of both; otherwise nothing is reserved
     */
    boolean reserve(Sequence next) {
        if (!heap.take(next.heapBytes())) {
            return false;
        }
        if (!next.reserve(pages, growing())) {
            heap.giveBack(next.heapBytes());
            return false;
        }
        return true;
    }

    /** Gives back the heap of a sequence that ends. */
    void leaves(Sequence sequence) {
        heap.giveBack(sequence.heapBytes());
    }

    /**
     * Takes the pages that the decode rows of the next step need, the oldest sequence first.
     *
     * @return null if every row has room; otherwise no page is left, and this sequence has to pause
     */
    @Nullable Sequence grow() {
        for (Sequence next = nextToGrow(); next != null; next = nextToGrow()) {
            if (!next.grow(pages, batch)) {
                return youngest(next);
            }
        }
        return null;
    }

    private @Nullable Sequence nextToGrow() {
        Sequence oldest = null;
        for (int i = 0; i < active.size(); i++) {
            Sequence sequence = active.get(i);
            if (sequence.mustGrow()
                    && (oldest == null || sequence.clock().isOlderThan(oldest.clock()))) {
                oldest = sequence;
            }
        }
        return oldest;
    }

    private Sequence youngest(Sequence growing) {
        Sequence youngest = growing;
        for (int i = 0; i < active.size(); i++) {
            Sequence sequence = active.get(i);
            if (sequence.mayPause() && youngest.clock().isOlderThan(sequence.clock())) {
                youngest = sequence;
            }
        }
        return youngest;
    }

    /** Returns the number of running sequences that grow; each may soon need a page. */
    private int growing() {
        int growing = 0;
        for (int i = 0; i < active.size(); i++) {
            growing += active.get(i).mayPause() ? 1 : 0;
        }
        return growing;
    }

    /** Adds a sequence that has paused. */
    void add(Sequence sequence) {
        int place = paused.size();
        while (place > 0 && sequence.clock().isOlderThan(paused.get(place - 1).clock())) {
            place--;
        }
        paused.add(place, sequence);
    }

    /** Returns the number of paused sequences. */
    int paused() {
        return paused.size();
    }

    /** Returns the oldest paused sequence; there must be one. */
    Sequence oldestPaused() {
        return paused.getFirst();
    }

    /**
     * Reserves the pages of the oldest paused sequence and removes it; false if there are too few.
     */
    boolean resume() {
        boolean enough = oldestPaused().reserve(pages, SPARE_PAGES * growing());
        if (enough) {
            paused.removeFirst();
        }
        return enough;
    }

    /** Ends paused sequences that were cancelled or are late. */
    void endGone(long nowNanos) {
        for (int i = paused.size() - 1; i >= 0; i--) {
            Sequence sequence = paused.get(i);
            if (sequence.cancelled() || sequence.clock().late(nowNanos)) {
                paused.remove(i);
                end(
                        sequence,
                        sequence.cancelled() ? FinishReason.CANCELLED : FinishReason.DEADLINE);
            }
        }
    }

    /** Ends all paused sequences as cancelled. */
    void cancelAll() {
        while (!paused.isEmpty()) {
            end(paused.removeLast(), FinishReason.CANCELLED);
        }
    }

    private void end(Sequence sequence, FinishReason reason) {
        leaves(sequence);
        SequenceEnd.finish(sequence, reason, null);
    }
}
