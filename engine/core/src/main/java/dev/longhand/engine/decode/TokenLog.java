package dev.longhand.engine.decode;

import dev.longhand.engine.generation.FinishReason;
import dev.longhand.engine.generation.TextSegment;
import dev.longhand.engine.generation.Usage;
import dev.longhand.engine.thought.ThoughtTracker;
import dev.longhand.kernels.sampling.SamplerState;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;

/**
 * The tokens of one generation, written by the device thread and read by the caller's thread. Its
 * monitor guards all fields but {@code cancelled}, and is held for single reads and writes only.
 * The arrays are allocated for the longest possible output when the generation begins, so appending
 * a token allocates nothing and never waits for a slow reader. A waiting generation has none, one
 * that has ended keeps what its output takes, and one that was read to its end keeps nothing.
 */
public final class TokenLog {
    /** The value of {@link #thoughtBytes} for a token that does not end the thought. */
    public static final int NO_END = -1;

    private final int tokensMax;
    private final int reported;
    private int[] tokens = {};
    private int[] topTokens = {};
    private float[] topLogprobs = {};
    private float[] logprobs = {}; // of the tokens themselves
    private int count;
    private int thoughtFrom = Integer.MAX_VALUE; // index of its first token
    private int thoughtTo = Integer.MAX_VALUE; // index after its last token
    private int endBytes; // bytes of its last token that belong to it
    private volatile boolean cancelled;
    private @Nullable FinishReason reason;
    private @Nullable Usage usage;
    private @Nullable RuntimeException failure;

    /**
     * Creates an empty log.
     *
     * @param tokensMax the most tokens of the output
     * @param reported number of log-probabilities per token
     */
    public TokenLog(int tokensMax, int reported) {
        this.tokensMax = tokensMax;
        this.reported = reported;
    }

    /** Returns the heap that the log of a running generation takes, in bytes. */
    public static long bytes(int tokensMax, int reported) {
        long own = reported == 0 ? 0 : 1;
        return Integer.BYTES * (1L + 2L * reported + own) * tokensMax;
    }

    /** Returns the heap that this log takes while its generation runs, in bytes. */
    long bytes() {
        return bytes(tokensMax, reported);
    }

    /** Allocates the log, before the first token. */
    synchronized void begin() {
        resize(tokensMax);
    }

    /** Frees the log, after its end was read. */
    public synchronized void release() {
        resize(0);
    }

    private void resize(int size) {
        tokens = Arrays.copyOf(tokens, size);
        topTokens = Arrays.copyOf(topTokens, Math.multiplyExact(size, reported));
        topLogprobs = Arrays.copyOf(topLogprobs, topTokens.length);
        logprobs = Arrays.copyOf(logprobs, reported == 0 ? 0 : size);
    }

    /** Requests the end of the generation before the next step; from any thread. */
    public void cancel() {
        cancelled = true;
    }

    boolean cancelled() {
        return cancelled;
    }

    /** Appends the token sampled last, and the bounds of the thought if one is tracked. */
    synchronized void append(SamplerState sampler, @Nullable ThoughtTracker thought) {
        if (thought != null && thought.begun()) {
            thoughtFrom = thought.firstToken();
            if (!thought.thinking()) {
                thoughtTo = thoughtFrom + thought.thoughtTokens();
                endBytes = thought.endBytes();
            }
        }
        for (int rank = 0; rank < reported; rank++) {
            topTokens[count * reported + rank] = sampler.topToken(rank);
            topLogprobs[count * reported + rank] = sampler.topLogprob(rank);
        }
        if (reported > 0) {
            logprobs[count] = sampler.tokenLogprob();
        }
        tokens[count++] = sampler.token();
        notifyAll();
    }

    synchronized void finish(FinishReason why, Usage took) {
        reason = why;
        usage = took;
        try {
            resize(count);
        } catch (OutOfMemoryError e) {
            // then it keeps its length
        }
        notifyAll();
    }

    /** Reports the failure, unless the end was reported before. */
    synchronized void fail(RuntimeException cause) {
        if (reason == null && failure == null) {
            failure = cause;
        }
        notifyAll();
    }

    /** Returns the tokens of prompt and output at positions below {@code count}, or more. */
    synchronized int[] following(int[] prompt, int count) {
        int[] all = Arrays.copyOf(prompt, Math.max(prompt.length, count));
        for (int i = prompt.length; i < count; i++) {
            all[i] = tokens[i - prompt.length];
        }
        return all;
    }

    /**
     * Waits for the token at {@code index} or the end of the generation.
     *
     * @return whether the token exists
     */
    public synchronized boolean await(int index) throws InterruptedException {
        while (count <= index && reason == null && failure == null) {
            wait();
        }
        return index < count;
    }

    /** Returns the token at an index for which {@link #await} has returned true. */
    public synchronized int token(int index) {
        return tokens[index];
    }

    /** Returns whether the token at an index belongs to the thought or to the answer. */
    public synchronized TextSegment phase(int index) {
        return index >= thoughtFrom && index < thoughtTo ? TextSegment.THOUGHT : TextSegment.ANSWER;
    }

    /**
     * Returns how many bytes of the token at an index belong to the thought, if it is the last
     * token of the thought; otherwise {@link #NO_END}.
     */
    public synchronized int thoughtBytes(int index) {
        return index == thoughtTo - 1 ? endBytes : NO_END;
    }

    /** Whether a thought has begun and not ended. */
    public synchronized boolean thoughtOpen() {
        return thoughtFrom != Integer.MAX_VALUE && thoughtTo == Integer.MAX_VALUE;
    }

    /** Returns the number of log-probabilities per token. */
    public int reported() {
        return reported;
    }

    /** Returns the token of a rank by likelihood, from 0, at an index of the output. */
    public synchronized int topToken(int index, int rank) {
        return topTokens[index * reported + rank];
    }

    /** Returns the log-probability of a rank at an index of the output. */
    public synchronized float topLogprob(int index, int rank) {
        return topLogprobs[index * reported + rank];
    }

    /** Returns the log-probability of the token at an index, if log-probabilities are reported. */
    public synchronized float logprob(int index) {
        return logprobs[index];
    }

    /** Returns the reason of the regular end; null while the generation runs or if it failed. */
    public synchronized @Nullable FinishReason reason() {
        return reason;
    }

    /** Returns tokens and times of the generation; null without a regular end. */
    public synchronized @Nullable Usage usage() {
        return usage;
    }

    /** Returns the cause of the failure; null without one. */
    public synchronized @Nullable RuntimeException failure() {
        return failure;
    }
}
