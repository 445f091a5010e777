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
 * What waits for the device thread. Sequences wait for pages in a line for each adapter, first come
 * first served, and the lines take turns: whoever sends hundreds of requests to one adapter delays
 * those to another by one. Who is next is waited for until it fits, so that a large request is not
 * passed by small ones for ever. Actions that want the model to themselves run after all that came
 * before them and before all that comes after. Beside the lines, tasks for the gap between two
 * steps. Bounded, and closed once.
 */
final class AdmissionQueue {
    /** All lines together hold so many times what one may. */
    private static final int FULL_LINES_MAX = 8;

    private final int lineDepthMax;
    private final RetryAfterEstimate retryAfter;
    private final List<Round> rounds = new ArrayList<>();
    private final Map<String, Integer> waitingByAdapter = new HashMap<>();
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private int waiting;
    private boolean closed;
    private boolean ended;

    /** What lies between two actions: the lines, and the action after them. */
    private static final class Round {
        private final List<Line> lines = new ArrayList<>();
        private int turn;
        private @Nullable FutureTask<?> alone;

        Line line(String adapter) {
            for (Line line : lines) {
                if (line.adapter.equals(adapter)) {
                    return line;
                }
            }
            Line line = new Line(adapter, new ArrayList<>());
            lines.add(turn, line); // after all others have had their turn
            turn = (turn + 1) % lines.size();
            return line;
        }
    }

    /** Those who wait for one adapter, or for the base. */
    private record Line(String adapter, List<Sequence> sequences) {}

    AdmissionQueue(int lineDepthMax, RetryAfterEstimate retryAfter) {
        this.lineDepthMax = lineDepthMax;
        this.retryAfter = retryAfter;
    }

    /** Queues sequences of one adapter, all or none. */
    synchronized void submit(List<Sequence> sequences) {
        requireOpen();
        String adapter = sequences.getFirst().adapter().identity();
        int before = waitingByAdapter.getOrDefault(adapter, 0);
        if (before + sequences.size() > lineDepthMax
                || waiting + sequences.size() > (long) FULL_LINES_MAX * lineDepthMax) {
            throw busy(
                    "%d requests are waiting already, %d of them for the same model"
                            .formatted(waiting, before));
        }
        waitingByAdapter.put(adapter, before + sequences.size());
        waiting += sequences.size();
        if (rounds.isEmpty() || rounds.getLast().alone != null) {
            rounds.add(new Round());
        }
        rounds.getLast().line(adapter).sequences.addAll(sequences);
        notifyAll();
    }

    EngineBusyException busy(String what) {
        return new EngineBusyException(what, retryAfter.millis());
    }

    /** Queues an action that runs after what was submitted before, and before what comes after. */
    synchronized void submitAlone(FutureTask<?> action) {
        requireOpen();
        if (rounds.isEmpty() || rounds.getLast().alone != null) {
            rounds.add(new Round());
        }
        rounds.getLast().alone = action;
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

    /** The sequence whose turn it is, left in its line; null if none may begin. */
    synchronized @Nullable Sequence next() {
        if (rounds.isEmpty()) {
            return null;
        }
        Round round = rounds.getFirst();
        for (int i = 0; i < round.lines.size(); i++) {
            Line line = round.lines.get((round.turn + i) % round.lines.size());
            for (int j = 0; j < line.sequences.size(); j++) {
                if (line.sequences.get(j).mayBegin()) {
                    return line.sequences.get(j);
                }
            }
        }
        return null;
    }

    /** The action whose turn it is, left in its place; null if sequences come first. */
    synchronized @Nullable FutureTask<?> nextAlone() {
        boolean first = !rounds.isEmpty() && rounds.getFirst().lines.isEmpty();
        return first ? rounds.getFirst().alone : null;
    }

    /** Takes the action whose turn it is out. */
    synchronized void removeAlone() {
        rounds.removeFirst();
    }

    /** Takes a sequence out that begins: the turn goes to the line after its own. */
    synchronized void begins(Sequence sequence) {
        Round round = rounds.getFirst();
        String adapter = sequence.adapter().identity();
        for (int i = 0; i < round.lines.size(); i++) {
            if (round.lines.get(i).adapter.equals(adapter)) {
                round.turn = i + 1;
                take(round, i, sequence);
                break;
            }
        }
        dropEmptyRounds();
    }

    /** Takes out whoever was cancelled or has waited too long. */
    synchronized void removeGone(long nowNanos, List<Sequence> into) {
        if (waiting == 0) {
            return;
        }
        for (int k = rounds.size() - 1; k >= 0; k--) {
            for (int i = rounds.get(k).lines.size() - 1; i >= 0; i--) {
                removeGone(rounds.get(k), i, nowNanos, into);
            }
        }
        dropEmptyRounds();
    }

    private void removeGone(Round round, int index, long nowNanos, List<Sequence> into) {
        List<Sequence> sequences = round.lines.get(index).sequences;
        for (int j = sequences.size() - 1; j >= 0; j--) {
            Sequence sequence = sequences.get(j);
            if (sequence.cancelled() || sequence.waitedTooLong(nowNanos)) {
                into.add(sequence);
                take(round, index, sequence);
            }
        }
    }

    private void take(Round round, int index, Sequence sequence) {
        Line line = round.lines.get(index);
        line.sequences.remove(sequence);
        waiting--;
        waitingByAdapter.merge(line.adapter, -1, (a, b) -> a + b == 0 ? null : a + b);
        if (line.sequences.isEmpty()) {
            round.lines.remove(index);
            round.turn -= round.turn > index ? 1 : 0;
        }
        round.turn = round.turn >= round.lines.size() ? 0 : round.turn;
    }

    private void dropEmptyRounds() {
        for (int k = rounds.size() - 1; k >= 0; k--) {
            if (rounds.get(k).lines.isEmpty() && rounds.get(k).alone == null) {
                rounds.remove(k);
            }
        }
    }

    /** Waits for something to do or the close; returns whether the queue is open. */
    synchronized boolean awaitWork() throws InterruptedException {
        while (rounds.isEmpty() && tasks.isEmpty() && !closed) {
            wait();
        }
        return !closed;
    }

    /** How many sequences wait. */
    synchronized int depth() {
        return waiting;
    }

    /** Whether one more for the base would be refused. */
    synchronized boolean isFull() {
        String base = AdapterUse.none().identity();
        return waiting >= (long) FULL_LINES_MAX * lineDepthMax
                || waitingByAdapter.getOrDefault(base, 0) >= lineDepthMax;
    }

    synchronized boolean isClosed() {
        return closed;
    }

    /** Refuses whatever is new and ends the waiting sequences as cancelled. */
    void close() {
        List<Round> left;
        synchronized (this) {
            closed = true;
            left = List.copyOf(rounds);
            rounds.clear();
            waiting = 0;
            notifyAll();
        }
        for (Round round : left) {
            for (Line line : round.lines) {
                line.sequences.forEach(sequence -> sequence.finish(FinishReason.CANCELLED));
            }
            if (round.alone != null) {
                round.alone.cancel(false);
            }
        }
    }
}
