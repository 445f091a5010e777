package dev.longhand.engine.schedule;

import dev.longhand.engine.decode.Sequence;
import dev.longhand.engine.generation.FinishReason;

import org.jspecify.annotations.Nullable;

import java.util.ArrayDeque;
import java.util.concurrent.FutureTask;

/**
 * What waits for the device thread: sequences that wait for pages, first come first served, and
 * between them actions that want the model to themselves; and beside the line, tasks for the gap
 * between two steps. Bounded, and closed once.
 */
final class AdmissionQueue {
    private final int depthMax;
    private final ArrayDeque<Ticket> waiting = new ArrayDeque<>();
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private int sequences;
    private boolean closed;
    private boolean ended;

    /**
     * A place in the line: of a sequence, or of an action that runs when no sequence is under way.
     */
    record Ticket(@Nullable Sequence sequence, @Nullable FutureTask<?> alone) {}

    AdmissionQueue(int depthMax) {
        this.depthMax = depthMax;
    }

    synchronized void submit(Sequence sequence) {
        requireOpen();
        if (sequences == depthMax) {
            throw new EngineBusyException(depthMax);
        }
        sequences++;
        waiting.add(new Ticket(sequence, null));
        notifyAll();
    }

    /** Queues an action that runs after what was submitted before, and before what comes after. */
    synchronized void submitAlone(FutureTask<?> action) {
        requireOpen();
        waiting.add(new Ticket(null, action));
        notifyAll();
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the engine is closed");
        }
    }

    /** Queues a task for the gap between two steps; returns false after the last gap. */
    synchronized boolean offerTask(Runnable task) {
        if (ended) {
            return false;
        }
        tasks.add(task);
        notifyAll();
        return true;
    }

    /** The next task, or null. */
    synchronized @Nullable Runnable nextTask() {
        return tasks.poll();
    }

    /** The next task, or null, after which there will be none. */
    synchronized @Nullable Runnable lastTask() {
        ended = tasks.isEmpty();
        return tasks.poll();
    }

    /** Who is next, left in the line; null if nobody waits. */
    synchronized @Nullable Ticket peek() {
        return waiting.peek();
    }

    synchronized void remove(Ticket ticket) {
        if (waiting.remove(ticket) && ticket.sequence != null) {
            sequences--;
        }
    }

    /** Waits for something to do or the close; returns whether the queue is open. */
    synchronized boolean awaitWork() throws InterruptedException {
        while (waiting.isEmpty() && tasks.isEmpty() && !closed) {
            wait();
        }
        return !closed;
    }

    /** How many sequences wait. */
    synchronized int depth() {
        return sequences;
    }

    synchronized boolean isClosed() {
        return closed;
    }

    /** Refuses whatever is new and ends the waiting sequences as cancelled. */
    void close() {
        ArrayDeque<Ticket> left;
        synchronized (this) {
            closed = true;
            left = new ArrayDeque<>(waiting);
            waiting.clear();
            sequences = 0;
            notifyAll();
        }
        for (Ticket ticket : left) {
            if (ticket.sequence != null) {
                ticket.sequence.finish(FinishReason.CANCELLED);
            }
            if (ticket.alone != null) {
                ticket.alone.cancel(false);
            }
        }
    }
}
