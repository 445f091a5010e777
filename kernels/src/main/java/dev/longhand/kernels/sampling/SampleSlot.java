package dev.longhand.kernels.sampling;

import org.jspecify.annotations.Nullable;

import java.util.Map;

/**
 * What the sampler knows of one sequence, and its answer. Allocated once per sequence; a draw
 * allocates nothing. Used by one thread at a time.
 *
 * <p>A step that checks guessed tokens draws several times for one sequence: from the row of the
 * last token, then from the row of each guess, into slots that follow each other. A slot counts,
 * see {@link #counts}, if the one before it drew the guess; all share one history.
 */
public final class SampleSlot {
    private final SamplingParams params;
    private final int vocabulary;
    private final @Nullable SampleSlot before;
    private final SampleSlot first; // keeps the history
    private final TopCandidates candidates;
    private final StrideMasses strides;
    private final int[] topTokens;
    private final float[] topLogprobs;
    private final long[] seen; // a bit for each token, the first in bit 0
    private final long[] generated;
    private final int[] occurrences; // how often each token was generated
    private final int[] biasTokens;
    private final float[] biases;
    private long observed;
    private long position;
    private int token = -1;
    private int guess = -1;
    private int forced = -1;
    private @Nullable NonFiniteLogitsException failure;

    /**
     * A slot for one sequence.
     *
     * @param params how to draw
     * @param vocabulary tokens that may be drawn; logits beyond it (rows that pad the matrix) count
     *     for nothing, not even in log-probabilities
     * @throws IllegalArgumentException if there are more than 2^20 of them, or one that has a bias
     *     is none of them
     */
    public SampleSlot(SamplingParams params, int vocabulary) {
        if (vocabulary > Weight.VOCABULARY_MAX) {
            throw new IllegalArgumentException(
                    "samplers draw from up to %d tokens, not %d"
                            .formatted(Weight.VOCABULARY_MAX, vocabulary));
        }
        this.params = params;
        this.vocabulary = vocabulary;
        before = null;
        first = this;
        candidates = new TopCandidates();
        strides = new StrideMasses();
        int reported = Math.min(params.logprobs(), vocabulary);
        topTokens = new int[reported];
        topLogprobs = new float[reported];
        int words = params.penalises() ? Math.ceilDiv(vocabulary, Long.SIZE) : 0;
        seen = new long[words];
        generated = new long[words];
        occurrences = new int[params.frequencyPenalty() == 0 ? 0 : vocabulary];
        biasTokens = new int[params.logitBias().size()];
        biases = new float[biasTokens.length];
        int at = 0;
        for (Map.Entry<Integer, Float> entry : params.logitBias().entrySet()) {
            if (entry.getKey() >= vocabulary) {
                throw new IllegalArgumentException(
                        "token %d has a logit bias, but only tokens below %d can be drawn"
                                .formatted(entry.getKey(), vocabulary));
            }
            biasTokens[at] = entry.getKey();
            biases[at++] = entry.getValue();
        }
    }

    /** A slot for the draw that follows, in the same step, another of the same sequence. */
    public SampleSlot(SampleSlot before) {
        this.before = before;
        first = before.first;
        params = first.params;
        vocabulary = first.vocabulary;
        candidates = first.candidates;
        strides = first.strides;
        topTokens = new int[first.topTokens.length];
        topLogprobs = new float[first.topLogprobs.length];
        seen = first.seen;
        generated = first.generated;
        occurrences = first.occurrences;
        biasTokens = first.biasTokens;
        biases = first.biases;
    }

    /** Tells a slot that follows another which token its row stands for; it forgets its draw. */
    public void follow(int guessed) {
        guess = guessed;
        failure = null;
    }

    /**
     * Whether the row of this slot stands for a token of the sequence: the slot before it counts
     * too and drew that token. What else it holds is of no meaning.
     */
    public boolean counts() {
        SampleSlot slot = this;
        for (SampleSlot earlier = before; earlier != null; earlier = earlier.before) {
            if (earlier.failure != null || earlier.token != slot.guess) {
                return false;
            }
            slot = earlier;
        }
        return true;
    }

    /** Tells the slot of a prompt token. */
    public void observePrompt(int promptToken) {
        first.observe(seen, promptToken);
    }

    /** Tells the slot at which position of its sequence the next token will stand. */
    public void moveTo(long nextPosition) {
        position = nextPosition;
    }

    /**
     * Decides the next draws: whatever the logits say, they give this token, and what is reported
     * beside it stays the model's; -1 lets them be drawn again.
     */
    public void force(int decided) {
        forced = decided;
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

    StrideMasses strides() {
        return strides;
    }

    long position() {
        return position;
    }

    void report(int rank, int reportedToken, float logit, double normaliser) {
        topTokens[rank] = reportedToken;
        topLogprobs[rank] = (float) (logit - normaliser + 0.0); // -0 becomes 0, as on a device
    }

    void fail(NonFiniteLogitsException cause) {
        failure = cause;
    }

    boolean forced() {
        return forced >= 0;
    }

    void draw(int drawn) {
        token = forced() ? forced : drawn;
        first.observe(seen, token);
        first.observe(generated, token);
        if (occurrences.length > 0) {
            occurrences[token]++;
        }
    }

    /** The slot that stands for the sequence: itself, or the first of those it follows. */
    SampleSlot sequence() {
        return first;
    }

    /** Grows with every token of prompt and output. */
    long observed() {
        return first.observed;
    }

    /** Tokens of prompt and output, a bit for each; empty if there are no penalties. */
    long[] seen() {
        return seen;
    }

    /** Tokens of the output, likewise. */
    long[] generated() {
        return generated;
    }

    /** How often each token is in the output; empty if there is no frequency penalty. */
    int[] occurrences() {
        return occurrences;
    }

    /** Tokens whose logits have a bias, each once. */
    int[] biasTokens() {
        return biasTokens;
    }

    /** Their biases. */
    float[] biases() {
        return biases;
    }

    private void observe(long[] tokens, int token) {
        observed++;
        // none without penalties, and a prompt of ids may name a padding row
        if (token / Long.SIZE < tokens.length && token < vocabulary) {
            tokens[token / Long.SIZE] |= 1L << token;
        }
    }
}
