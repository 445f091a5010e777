package dev.longhand.engine.schedule;

import dev.longhand.engine.decode.Sequence;
import dev.longhand.engine.error.EngineBusyException;
import dev.longhand.engine.generation.FinishReason;
import dev.longhand.engine.lora.AdapterUse;

import org.jspecify.annotations.Nullable;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;

/**
 * The bounded queue of the device thread. It has three kinds of entries:
 *
 * <ul>
 *   <li><b>Sequences</b> wait for KV pages. There is a first-in first-out queue per adapter, and
 *       these are served round-robin, so a burst of requests for one adapter delays a request for
 *       another by at most one sequence. A large sequence keeps its turn until its pages are free;
 *       smaller ones behind it do not overtake it.
 *   <li><b>Actions that run alone</b>: after all sequences submitted earlier have ended, and before
 *       any sequence submitted later begins.
 *   <li><b>Tasks</b> run between two steps, independently of the others.
 * </ul>
 *
 * <p>Any thread may submit, ask for the depth, and close. Only the device thread takes entries out,
 * so an entry that it has seen stays in the queue until it removes that entry, even if another
 * thread closes the queue. The monitor of this object guards all fields. No sequence ends and no
 * action or task runs while the monitor is held.
 */
final class AdmissionQueue {
    /** The most waiting sequences of all adapters, as a multiple of the limit of one adapter. */
    private static final int FULL_QUEUES_MAX = 8;

    private final int adapterDepthMax;
    private final RetryAfterEstimate retryAfter;
    private final List<Stage> stages = new ArrayList<>();
    private final Map<String, Integer> waitingByAdapter = new HashMap<>();
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private int waiting;
    private boolean closed;
    private boolean tasksEnded;

    /** The sequences between two actions that run alone, and the action after them, if any. */
    private static final class Stage {
        private final List<AdapterQueue> queues = new ArrayList<>(); // none is empty
        private int turn; // index of the next queue to serve
        private @Nullable FutureTask<?> alone;

        /** Returns the queue of an adapter; a new one is served after all others. */
        AdapterQueue queue(String adapter) {
            for (AdapterQueue queue : queues) {
                if (queue.adapter.equals(adapter)) {
                    return queue;
                }
            }
            AdapterQueue queue = new AdapterQueue(adapter, new ArrayList<>());
            queues.add(turn, queue);
            turn = (turn + 1) % queues.size();
            return queue;
        }
    }

    /** The waiting sequences of one adapter, or of the base. */
    private record AdapterQueue(String adapter, List<Sequence> sequences) {}

    /**
     * Creates an empty queue.
     *
     * @param adapterDepthMax the most waiting sequences per adapter
     * @param retryAfter estimates when a rejected request may be accepted
     */
    AdmissionQueue(int adapterDepthMax, RetryAfterEstimate retryAfter) {
        this.adapterDepthMax = adapterDepthMax;
        this.retryAfter = retryAfter;
    }

    /**
     * Queues sequences of one adapter, all or none; from any thread.
     *
     * @throws EngineBusyException if the queue has no room for all of them
     * @throws IllegalStateException if the queue is closed
     */
    synchronized void submit(List<Sequence> sequences) {
        requireOpen();
        String adapter = sequences.getFirst().adapter().identity();
        int before = waitingByAdapter.getOrDefault(adapter, 0);
        if (before + sequences.size() > adapterDepthMax
                || waiting + sequences.size() > (long) FULL_QUEUES_MAX * adapterDepthMax) {
            throw busy(
                    "%d requests are waiting already, %d of them for the same model"
                            .formatted(waiting, before));
        }
        waitingByAdapter.put(adapter, before + sequences.size());
        waiting += sequences.size();
        openStage().queue(adapter).sequences.addAll(sequences);
        notifyAll();
    }

    /** Returns the exception for a request that has waited too long; from any thread. */
    EngineBusyException late() {
        return busy("the request's time was over before its turn came");
    }

    private EngineBusyException busy(String what) {
        return new EngineBusyException(what, retryAfter.millis());
    }

    /**
     * Queues an action that runs alone; from any thread.
     *
     * @throws IllegalStateException if the queue is closed
     */
    synchronized void submitAlone(FutureTask<?> action) {
        requireOpen();
        openStage().alone = action;
        notifyAll();
    }

    /** Returns the last stage, or a new one after it if an action ends the last. */
    private Stage openStage() {
        if (stages.isEmpty() || stages.getLast().alone != null) {
            stages.add(new Stage());
        }
        return stages.getLast();
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the engine is closed");
        }
    }

    /**
     * Queues a task; from any thread. Tasks are accepted after {@link #close} too, until the device
     * thread has run the last one.
     *
     * @return false if the device thread runs no more tasks; the task is not queued then
     */
    synchronized boolean offerTask(Runnable task) {
        if (tasksEnded) {
            return false;
        }
        tasks.add(task);
        notifyAll();
        return true;
    }

    /** Removes and returns the next task, or null; device thread only. */
    synchronized @Nullable Runnable nextTask() {
        return tasks.poll();
    }

    /**
     * Removes and returns the next task; device thread only. If there is none, returns null, and
     * {@link #offerTask} refuses all later tasks.
     */
    synchronized @Nullable Runnable lastTask() {
        tasksEnded = tasks.isEmpty();
        return tasks.poll();
    }

    /**
     * Returns the sequence whose turn it is, without removing it; device thread only. Samples that
     * wait for another sample of their prompt are skipped.
     *
     * @return null if no sequence may begin, or the queue is closed
     */
    synchronized @Nullable Sequence next() {
        if (closed || stages.isEmpty()) {
            return null;
        }
        Stage stage = stages.getFirst();
        for (int i = 0; i < stage.queues.size(); i++) {
            AdapterQueue queue = stage.queues.get((stage.turn + i) % stage.queues.size());
            for (int j = 0; j < queue.sequences.size(); j++) {
                if (queue.sequences.get(j).mayBegin()) {
                    return queue.sequences.get(j);
                }
            }
        }
        return null;
    }

    /**
     * Returns the action whose turn it is, without removing it; device thread only.
     *
     * @return null if there is none, sequences precede it, or the queue is closed
     */
    synchronized @Nullable FutureTask<?> nextAlone() {
        boolean first = !closed && !stages.isEmpty() && stages.getFirst().queues.isEmpty();
        return first ? stages.getFirst().alone : null;
    }

    /** Removes the action that {@link #nextAlone} returned; device thread only. */
    synchronized void removeAlone() {
        stages.removeFirst();
    }

    /**
     * Removes the sequence that {@link #next} returned, which begins; device thread only. The turn
     * passes to the next adapter.
     */
    synchronized void begins(Sequence sequence) {
        Stage stage = stages.getFirst();
        String adapter = sequence.adapter().identity();
        for (int i = 0; i < stage.queues.size(); i++) {
            if (stage.queues.get(i).adapter.equals(adapter)) {
                stage.turn = i + 1;
                remove(stage, i, sequence);
                break;
            }
        }
        removeEmptyStages();
    }

    /**
     * Moves sequences that were cancelled or have waited too long to a list; device thread only.
     */
    synchronized void removeGone(long nowNanos, List<Sequence> into) {
        if (waiting == 0) {
            return;
        }
        for (int k = stages.size() - 1; k >= 0; k--) {
            for (int i = stages.get(k).queues.size() - 1; i >= 0; i--) {
                removeGone(stages.get(k), i, nowNanos, into);
            }
        }
        removeEmptyStages();
    }

    private void removeGone(Stage stage, int index, long nowNanos, List<Sequence> into) {
        List<Sequence> sequences = stage.queues.get(index).sequences;
        for (int j = sequences.size() - 1; j >= 0; j--) {
            Sequence sequence = sequences.get(j);
            if (sequence.cancelled() || sequence.clock().waitedTooLong(nowNanos)) {
                into.add(sequence);
                remove(stage, index, sequence);
            }
        }
    }

    private void remove(Stage stage, int index, Sequence sequence) {
        AdapterQueue queue = stage.queues.get(index);
        queue.sequences.remove(sequence);
        waiting--;
        waitingByAdapter.merge(queue.adapter, -1, (a, b) -> a + b == 0 ? null : a + b);
        if (queue.sequences.isEmpty()) {
            stage.queues.remove(index);
            stage.turn -= stage.turn > index ? 1 : 0;
        }
        stage.turn = stage.turn >= stage.queues.size() ? 0 : stage.turn;
    }

    private void removeEmptyStages() {
        for (int k = stages.size() - 1; k >= 0; k--) {
            if (stages.get(k).queues.isEmpty() && stages.get(k).alone == null) {
                stages.remove(k);
            }
        }
    }

    /**
     * Waits until there is an entry or the queue is closed; device thread only.
     *
     * @return whether the queue is open
     */
    synchronized boolean awaitWork() throws InterruptedException {
        while (stages.isEmpty() && tasks.isEmpty() && !closed) {
            wait();
        }
        return !closed;
    }

    /** Returns the number of waiting sequences; from any thread. */
    synchronized int depth() {
        return waiting;
    }

    /** Whether another sequence for the base would be rejected; from any thread. */
    synchronized boolean isFull() {
        String base = AdapterUse.none().identity();
        return waiting >= (long) FULL_QUEUES_MAX * adapterDepthMax
                || waitingByAdapter.getOrDefault(base, 0) >= adapterDepthMax;
    }

    /** Whether {@link #close} was called; from any thread. */
    synchronized boolean isClosed() {
        return closed;
    }

    /**
     * Rejects sequences and actions from now on and wakes the device thread; from any thread,
     * idempotent. Entries stay until the device thread calls {@link #cancelAll}.
     */
    synchronized void close() {
        closed = true;
        notifyAll();
    }

    /**
     * Ends all waiting sequences as cancelled and cancels the waiting actions; device thread only,
     * after {@link #close}.
     */
    void cancelAll() {
        for (Stage stage = takeStage(); stage != null; stage = takeStage()) {
            for (AdapterQueue queue : stage.queues) {
                queue.sequences.forEach(
                        sequence -> SequenceEnd.finish(sequence, FinishReason.CANCELLED, null));
            }
            if (stage.alone != null) {
                stage.alone.cancel(false);
            }
        }
    }

    private synchronized @Nullable Stage takeStage() {
        waitingByAdapter.clear();
        waiting = 0;
        return stages.isEmpty() ? null : stages.removeFirst();
    }
}
