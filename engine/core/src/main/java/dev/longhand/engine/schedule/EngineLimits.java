package dev.longhand.engine.schedule;

import dev.longhand.engine.error.InputException;

/**
 * Limits of one engine; each is a promise about memory or time.
 *
 * @param contextTokensMax tokens of one sequence, prompt and output
 * @param kvTokensMax tokens of all sequences together that the KV pool holds
 * @param sequencesMax sequences that advance together
 * @param prefillRowsMax the most prompt tokens of a step, beside one row for each decoding sequence
 * @param steadyDecoding whether prompt rows are limited while other sequences decode, so that
 *     decoding hardly slows down
 * @param queueDepthMax requests that may wait for one adapter, or for the base
 */
public record EngineLimits(
        int contextTokensMax,
        int kvTokensMax,
        int sequencesMax,
        int prefillRowsMax,
        boolean steadyDecoding,
        int queueDepthMax) {
    /** The most draft tokens that one step verifies, of all sequences together. */
    private static final int DRAFT_ROWS_MAX = 16;

    /** Far more than any device decodes together, and small enough for int arithmetic. */
    private static final int SEQUENCES_MAX = 1 << 14;

    public EngineLimits {
        require(contextTokensMax, "max-context");
        require(kvTokensMax, "kvTokensMax");
        require(sequencesMax, "sequencesMax");
        if (sequencesMax > SEQUENCES_MAX) {
            throw new InputException(
                    "sequencesMax must be at most %d, not %d"
                            .formatted(SEQUENCES_MAX, sequencesMax));
        }
        require(prefillRowsMax, "prefillRowsMax");
        require(queueDepthMax, "queueDepthMax");
        if (kvTokensMax < contextTokensMax) {
            throw new InputException(
                    "kvTokensMax (%d) must hold one full context (%d)"
                            .formatted(kvTokensMax, contextTokensMax));
        }
    }

    /** Returns these limits with another size of the KV pool. */
    public EngineLimits withKvTokensMax(int tokens) {
        return new EngineLimits(
                contextTokensMax,
                tokens,
                sequencesMax,
                prefillRowsMax,
                steadyDecoding,
                queueDepthMax);
    }

    private static void require(int value, String name) {
        if (value < 1) {
            throw new InputException(name + " must be at least 1, not " + value);
        }
    }

    /**
     * The Java heap that the outputs of all running sequences may take, in bytes: a quarter of it.
     */
    public static long outputBytesMax() {
        return Runtime.getRuntime().maxMemory() / 4;
    }

    /** The most rows of one step. */
    public int rowsMax() {
        return prefillRowsMax + sequencesMax;
    }

    /** The most rows of one step that verify a draft token; they take the place of prompt rows. */
    int draftRowsMax() {
        return Math.min(prefillRowsMax, DRAFT_ROWS_MAX);
    }

    /** The most rows of one step from which a token is sampled. */
    public int logitRowsMax() {
        return sequencesMax + draftRowsMax();
    }
}
