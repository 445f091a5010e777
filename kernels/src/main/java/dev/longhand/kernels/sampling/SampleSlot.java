package dev.longhand.kernels.sampling;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;

/**
 * What the sampler knows of one sequence, and its answer. Allocated once per sequence; a draw
 * allocates nothing. Used by one thread at a time.
 */
public final class SampleSlot {
    private static final byte SEEN = 1;
    private static final byte GENERATED = 2;

    private final SamplingParams params;
    private final int vocabulary;
    private final TopCandidates candidates = new TopCandidates();
    private final int[] topTokens;
    private final float[] topLogprobs;
    private final byte[] history;
    private int[] distinct = new int[0];
    private int distinctCount;
    private long position;
    private int token = -1;
    private @Nullable NonFiniteLogitsException failure;

    /**
     * A slot for one sequence.
     *
     * @param params how to draw
     * @param vocabulary tokens that may be drawn; logits beyond it (rows that pad the matrix) count
     *     for nothing, not even in log-probabilities
     */
    public SampleSlot(SamplingParams params, int vocabulary) {
        this.params = params;
        this.vocabulary = vocabulary;
        int reported = Math.min(params.logprobs(), vocabulary);
        topTokens = new int[reported];
        topLogprobs = new float[reported];
        history = new byte[params.penalises() ? vocabulary : 0];
    }

    /** Tells the slot of a prompt token. */
    public void observePrompt(int promptToken) {
        observe(promptToken, SEEN);
    }

    /** Tells the slot at which position of its sequence the next token will stand. */
    public void moveTo(long nextPosition) {
        position = nextPosition;
    }

    /** The token drawn last. */
    public int token() {
        return token;
    }

    /** Why the last draw failed, or null if it gave a token. */
    public @Nullable NonFiniteLogitsException failure() {
        return failure;
    }

    /** How many log-probabilities each draw reports. */
    public int reported() {
        return topTokens.length;
    }

    /** The token of the given rank by likelihood, as of the last draw. */
    public int topToken(int rank) {
        return topTokens[rank];
    }

    /** The natural log-probability of the given rank, as of the last draw. */
    public float topLogprob(int rank) {
        return topLogprobs[rank];
    }

    SamplingParams params() {
        return params;
    }

    int vocabulary() {
        return vocabulary;
    }

    TopCandidates candidates() {
        return candidates;
    }

    long position() {
        return position;
    }

    void report(int rank, int reportedToken, float logprob) {
        topTokens[rank] = reportedToken;
        topLogprobs[rank] = logprob;
    }

    void fail(NonFiniteLogitsException cause) {
        failure = cause;
    }

    void draw(int drawn) {
        token = drawn;
        observe(drawn, (byte) (SEEN | GENERATED));
    }

    int distinctCount() {
        return distinctCount;
    }

    int distinct(int index) {
        return distinct[index];
    }

    boolean generated(int seenToken) {
        return (history[seenToken] & GENERATED) != 0;
    }

    private void observe(int seenToken, byte flags) {
        if (seenToken >= history.length) {
            return; // no penalties, or a padding row that a prompt of ids may name
        }
        if (history[seenToken] == 0) {
            if (distinctCount == distinct.length) {
                distinct = Arrays.copyOf(distinct, Math.max(64, 2 * distinctCount));
            }
            distinct[distinctCount++] = seenToken;
        }
        history[seenToken] |= flags;
    }
}
