package dev.longhand.engine.schedule;

import dev.longhand.engine.decode.Sequence;
import dev.longhand.engine.generation.FinishReason;

import org.jspecify.annotations.Nullable;

import java.util.ArrayDeque;

/** Sequences that wait for pages, first come first served; bounded, and closed once. */
final class AdmissionQueue {
    private final int depthMax;
    private final ArrayDeque<Sequence> waiting = new ArrayDeque<>();
    private boolean closed;

    AdmissionQueue(int depthMax) {
        this.depthMax = depthMax;
    }

    synchronized void submit(Sequence sequence) {
        if (closed) {
            throw new IllegalStateException("the engine is closed");
        }
        if (waiting.size() == depthMax) {
            throw new EngineBusyException(depthMax);
        }
        waiting.add(sequence);
        notifyAll();
    }

    /** The sequence to admit next, left in the queue; null if none waits. */
    synchronized @Nullable Sequence peek() {
        return waiting.peek();
    }

    synchronized void remove(Sequence sequence) {
        waiting.remove(sequence);
    }

    /** Waits for a sequence or the close; returns whether the queue is open. */
    synchronized boolean awaitWork() throws InterruptedException {
        while (waiting.isEmpty() && !closed) {
            wait();
        }
        return !closed;
    }

    synchronized boolean isClosed() {
        return closed;
    }

    /** Refuses new sequences and ends the waiting ones as cancelled. */
    synchronized void close() {
        closed = true;
        waiting.forEach(sequence -> sequence.finish(FinishReason.CANCELLED));
        waiting.clear();
        notifyAll();
    }
}
