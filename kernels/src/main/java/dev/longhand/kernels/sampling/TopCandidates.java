package dev.longhand.kernels.sampling;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;

/**
 * The k largest logits of a row, sorted: larger first, equal ones by ascending token. One pass over
 * the row fills a bounded heap whose root is the worst candidate kept. Its arrays grow to the
 * largest k asked for and are then reused.
 */
final class TopCandidates {
    private int[] tokens = new int[0];
    private float[] logits = new float[0];
    private int count;

    int count() {
        return count;
    }

    int token(int rank) {
        return tokens[rank];
    }

    float logit(int rank) {
        return logits[rank];
    }

    /** Selects the {@code k} best of the {@code vocabulary} logits from element {@code first}. */
    void select(MemorySegment row, long first, int vocabulary, int k) {
        int capacity = Math.min(k, vocabulary);
        if (tokens.length < capacity) {
            tokens = new int[capacity];
            logits = new float[capacity];
        }
        count = 0;
        for (int token = 0; token < vocabulary; token++) {
            float logit = row.getAtIndex(JAVA_FLOAT, first + token);
            if (count < capacity) {
                set(count, token, logit);
                siftUp(count++);
            } else if (logit > logits[0]) {
                // A logit equal to the worst kept one loses: its token is larger.
                set(0, token, logit);
                siftDown(0, count);
            }
        }
        sort();
    }

    private void sort() {
        for (int end = count - 1; end > 0; end--) {
            swap(0, end);
            siftDown(0, end);
        }
    }

    private void siftUp(int at) {
        int child = at;
        while (child > 0 && worse(child, (child - 1) / 2)) {
            swap(child, (child - 1) / 2);
            child = (child - 1) / 2;
        }
    }

    private void siftDown(int at, int end) {
        int parent = at;
        while (2 * parent + 1 < end) {
            int child = 2 * parent + 1;
            if (child + 1 < end && worse(child + 1, child)) {
                child++;
            }
            if (!worse(child, parent)) {
                return;
            }
            swap(child, parent);
            parent = child;
        }
    }

    private boolean worse(int a, int b) {
        return logits[a] < logits[b] || (logits[a] == logits[b] && tokens[a] > tokens[b]);
    }

    private void set(int at, int token, float logit) {
        tokens[at] = token;
        logits[at] = logit;
    }

    private void swap(int a, int b) {
        int token = tokens[a];
        float logit = logits[a];
        set(a, tokens[b], logits[b]);
        set(b, token, logit);
    }
}
