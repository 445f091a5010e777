package dev.longhand.engine.decode;

import dev.longhand.engine.generation.FinishReason;
import dev.longhand.engine.generation.TextSegment;
import dev.longhand.engine.generation.Usage;
import dev.longhand.engine.thought.ThoughtTracker;
import dev.longhand.kernels.sampling.SamplerState;

import org.jspecify.annotations.Nullable;

/**
 * The tokens of one generation, written by the device thread and read by the caller's. Its arrays
 * hold the longest possible output from the start, so that writing a token allocates nothing and a
 * slow reader never holds the writer up.
 */
public final class TokenLog {
    /** What {@link #thoughtBytes} is of a token that does not end the thought. */
    public static final int NO_END = -1;

    private final int[] tokens;
    private final int reported;
    private final int[] topTokens;
    private final float[] topLogprobs;
    private int count;
    private int thoughtFrom = Integer.MAX_VALUE;
    private int thoughtTo = Integer.MAX_VALUE; // after its last token
    private int endBytes;
    private volatile boolean cancelled;
    private @Nullable FinishReason reason;
    private @Nullable Usage usage;
    private @Nullable RuntimeException failure;

    /**
     * An empty log.
     *
     * @param tokensMax the longest output
     * @param reported log-probabilities per token
     */
    public TokenLog(int tokensMax, int reported) {
        this.reported = reported;
        tokens = new int[tokensMax];
        topTokens = new int[Math.multiplyExact(tokensMax, reported)];
        topLogprobs = new float[topTokens.length];
    }

    /** Asks the device thread to stop before its next step. */
    public void cancel() {
        cancelled = true;
    }

    boolean cancelled() {
        return cancelled;
    }

    /** Appends the token sampled last, with its phase if a thought is tracked. */
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
        tokens[count++] = sampler.token();
        notifyAll();
    }

    synchronized void finish(FinishReason why, Usage took) {
        reason = why;
        usage = took;
        notifyAll();
    }

    synchronized void fail(RuntimeException cause) {
        failure = cause;
        notifyAll();
    }

    /**
     * Waits until there is a token at {@code index} or the generation ended.
     *
     * @return whether there is such a token
     */
    public synchronized boolean await(int index) throws InterruptedException {
        while (count <= index && reason == null && failure == null) {
            wait();
        }
        return index < count;
    }

    /** The token at an index that {@link #await} has confirmed. */
    public synchronized int token(int index) {
        return tokens[index];
    }

    /** Whether the token at an index belongs to the thought. */
    public synchronized TextSegment phase(int index) {
        return index >= thoughtFrom && index < thoughtTo ? TextSegment.THOUGHT : TextSegment.ANSWER;
    }

    /** How many bytes of the token at an index end the thought, or {@link #NO_END}. */
    public synchronized int thoughtBytes(int index) {
        return index == thoughtTo - 1 ? endBytes : NO_END;
    }

    /** Whether the output ends within a thought. */
    public synchronized boolean thoughtOpen() {
        return thoughtFrom != Integer.MAX_VALUE && thoughtTo == Integer.MAX_VALUE;
    }

    /** Log-probabilities reported per token. */
    public int reported() {
        return reported;
    }

    /** The token of a rank at an index. */
    public synchronized int topToken(int index, int rank) {
        return topTokens[index * reported + rank];
    }

    /** The log-probability of a rank at an index. */
    public synchronized float topLogprob(int index, int rank) {
        return topLogprobs[index * reported + rank];
    }

    /** Why the generation ended, or null if it goes on or failed. */
    public synchronized @Nullable FinishReason reason() {
        return reason;
    }

    /** What the generation took, once it ended regularly. */
    public synchronized @Nullable Usage usage() {
        return usage;
    }

    /** Why the generation failed, or null. */
    public synchronized @Nullable RuntimeException failure() {
        return failure;
    }
}
