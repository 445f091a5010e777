package dev.longhand.kernels.sampling;

import org.jspecify.annotations.Nullable;

/**
 * The sampler's state of one sequence, and the token it sampled last. Allocated once per sequence;
 * sampling allocates nothing. Used by one thread at a time.
 *
 * <p>A step that verifies draft tokens samples several times for one sequence: from the row of the
 * last token, then from the row of each draft token. Each of these rows has its own state, chained
 * to the one before it; all share one token history. A state counts ({@link #counts}) if each
 * earlier state of its chain sampled the draft token of the next state.
 */
public final class SamplerState {
    private final SamplingParams params;
    private final int vocabulary;
    private final @Nullable SamplerState before;
    private final SamplerState first; // owns the history
    private final TopCandidates candidates;
    private final StrideMasses strides;
    private final int[] topTokens;
    private final float[] topLogprobs;
    private final long[] seen; // a bit for each token, the first in bit 0
    private final long[] generated;
    private final int[] occurrences; // how often each token was generated
    private final LogitBiases biases;
    private long observed;
    private long position;
    private double normaliser; // of the last report
    private float tokenLogprob;
    private int token = -1;
    private int draft = -1;
    private int forced = -1;
    private long @Nullable [] allowed;
    private @Nullable NonFiniteLogitsException failure;

    /**
     * The state of one sequence.
     *
     * @param params how to sample
     * @param vocabulary number of tokens to sample from; logits beyond it (rows that pad the
     *     matrix) are ignored, also by log-probabilities
     * @throws IllegalArgumentException if the vocabulary has more than 2^20 tokens, or a token with
     *     a bias is not in it
     */
    public SamplerState(SamplingParams params, int vocabulary) {
        this(params, vocabulary, new int[0], 0);
    }

    /**
     * The state of one sequence that samples some tokens only from a position on.
     *
     * @param params how to sample
     * @param vocabulary number of tokens to sample from
     * @param banned tokens that are not sampled before the position, unless they are forced
     * @param bannedBefore position in the sequence
     * @throws IllegalArgumentException if the vocabulary has more than 2^20 tokens, a token with a
     *     bias or a ban is not in it, or more than {@link LogitBiases#BANNED_MAX} are banned
     */
    public SamplerState(SamplingParams params, int vocabulary, int[] banned, long bannedBefore) {
        if (vocabulary > FixedPointProbability.VOCABULARY_MAX) {
            throw new IllegalArgumentException(
                    "samplers take vocabularies of up to %d tokens, not %d"
                            .formatted(FixedPointProbability.VOCABULARY_MAX, vocabulary));
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
        biases = new LogitBiases(params.logitBias(), banned, bannedBefore);
        biases.requireWithin(vocabulary);
    }

    /**
     * Creates the state of the next row of the same sequence and step, chained to {@code before}.
     */
    public SamplerState(SamplerState before) {
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
        biases = first.biases;
    }

    /** Sets the draft token that the row of this chained state verifies; clears its failure. */
    public void follow(int draftToken) {
        draft = draftToken;
        failure = null;
    }

    /**
     * Whether the row of this state belongs to the sequence: the state before it counts too, and
     * sampled the draft token of this one. Otherwise the other values of this state are undefined.
     */
    public boolean counts() {
        SamplerState state = this;
        for (SamplerState earlier = before; earlier != null; earlier = earlier.before) {
            if (earlier.failure != null || earlier.token != state.draft) {
                return false;
            }
            state = earlier;
        }
        return true;
    }

    /** Adds a prompt token to the history. */
    public void observePrompt(int promptToken) {
        first.observe(seen, promptToken);
    }

    /** Sets the position in the sequence of the token that is sampled next. */
    public void moveTo(long nextPosition) {
        position = nextPosition;
    }

    /**
     * Forces all following samples to this token, regardless of the logits; reported
     * log-probabilities remain the model's. -1 returns to sampling.
     */
    public void force(int forcedToken) {
        forced = forcedToken;
    }

    /**
     * Restricts the following samples to a set of tokens; reported log-probabilities remain the
     * model's.
     *
     * @param tokens a bit for each token of the vocabulary, the first in bit 0, at least one of
     *     them set; not modified. Null allows every token
     */
    public void allow(long @Nullable [] tokens) {
        allowed = tokens;
    }

    /** The tokens that may be sampled, see {@link #allow}; null if every token may. */
    public long @Nullable [] allowed() {
        return allowed;
    }

    /** The token sampled last; -1 before the first. */
    public int token() {
        return token;
    }

    /** The reason why sampling failed, or null if it gave a token. */
    public @Nullable NonFiniteLogitsException failure() {
        return failure;
    }

    /** Number of log-probabilities reported with each token. */
    public int reported() {
        return topTokens.length;
    }

    /** The token at a rank by likelihood in the last report. */
    public int topToken(int rank) {
        return topTokens[rank];
    }

    /** The natural log-probability at a rank in the last report. */
    public float topLogprob(int rank) {
        return topLogprobs[rank];
    }

    /** How to sample. */
    public SamplingParams params() {
        return params;
    }

    /** Number of tokens to sample from. */
    public int vocabulary() {
        return vocabulary;
    }

    /** The position in the sequence of the token that is sampled next. */
    public long position() {
        return position;
    }

    /** The state of the sequence: this one, or the first of its chain. */
    public SamplerState sequence() {
        return first;
    }

    /** Whether the sampled token is replaced by a forced one, see {@link #force}. */
    public boolean forced() {
        return forced >= 0;
    }

    /**
     * Number of history entries so far, prompt and output; a copy made at another number is stale.
     */
    public long observed() {
        return first.observed;
    }

    /** Tokens of prompt and output, a bit for each; empty without penalties. Do not modify. */
    public long[] seen() {
        return seen;
    }

    /** Tokens of the output, in the form of {@link #seen}. */
    public long[] generated() {
        return generated;
    }

    /** Occurrences of each token in the output; empty without frequency penalty. */
    public int[] occurrences() {
        return occurrences;
    }

    /** The biases of the sequence. */
    public LogitBiases biases() {
        return biases;
    }

    /**
     * Sets the log-probability of a rank.
     *
     * @param normaliser the difference between the logit and its log-probability
     */
    public void report(int rank, int reportedToken, float logit, double normaliser) {
        topTokens[rank] = reportedToken;
        topLogprobs[rank] = logprob(logit, normaliser);
        this.normaliser = normaliser;
    }

    private static float logprob(float logit, double normaliser) {
        return (float) (logit - normaliser + 0.0); // -0 becomes 0, as on a device
    }

    /** The token that {@link #accept} sets for a sampled one: the forced one, if there is one. */
    public int chosen(int sampled) {
        return forced() ? forced : sampled;
    }

    /**
     * Sets the log-probability of the token that {@link #accept} is about to set, after the report
     * of its row. It is that of the report if the token is in it.
     *
     * @param chosenToken the token, see {@link #chosen}
     * @param logit its logit after biases and penalties. They are taken back here, which is exact
     *     to the rounding of the changed logit, so that no unchanged copy of the row is needed
     */
    public void reportChosen(int chosenToken, float logit) {
        int rank = 0;
        while (rank < topTokens.length && topTokens[rank] != chosenToken) {
            rank++;
        }
        tokenLogprob =
                rank < topTokens.length
                        ? topLogprobs[rank]
                        : logprob(unchanged(chosenToken, logit), normaliser);
    }

    /** Takes back {@code HostSampler.penalise} and {@code HostSampler.bias}, last change first. */
    private float unchanged(int changedToken, float changed) {
        float logit = changed;
        int word = changedToken / Long.SIZE;
        if (word < seen.length && (seen[word] >>> changedToken & 1) != 0) {
            if ((generated[word] >>> changedToken & 1) != 0) {
                logit += params.presencePenalty();
                logit +=
                        occurrences.length == 0
                                ? 0
                                : params.frequencyPenalty() * occurrences[changedToken];
            }
            float repetition = params.repetitionPenalty();
            logit = logit > 0 ? logit * repetition : logit / repetition;
        }
        for (int i = biases.first(position); i < biases.end(position); i++) {
            logit -= biases.token(i) == changedToken ? biases.value(i) : 0;
        }
        return logit;
    }

    /** The natural log-probability of the token sampled last, if the row has a report. */
    public float tokenLogprob() {
        return tokenLogprob;
    }

    /** Sets the sampled token, or the forced one in its place, and adds it to the history. */
    public void accept(int sampled) {
        token = chosen(sampled);
        first.observe(seen, token);
        first.observe(generated, token);
        if (occurrences.length > 0) {
            occurrences[token]++;
        }
    }

    /** Records why no token was sampled. */
    public void fail(NonFiniteLogitsException cause) {
        failure = cause;
    }

    TopCandidates candidates() {
        return candidates;
    }

    StrideMasses strides() {
        return strides;
    }

    private void observe(long[] tokens, int token) {
        observed++;
        // no words without penalties; a prompt of ids may contain the id of a padding row
        if (token / Long.SIZE < tokens.length && token < vocabulary) {
            tokens[token / Long.SIZE] |= 1L << token;
        }
    }
}
