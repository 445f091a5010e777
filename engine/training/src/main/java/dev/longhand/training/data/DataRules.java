package dev.longhand.training.data;

/**
 * The rules by which rows become demonstrations.
 *
 * @param endToken the end of an answer
 * @param turns the learned turns of a conversation
 * @param overlength the treatment of long demonstrations
 * @param tokensMax the longest demonstration in tokens, at least 2
 */
public record DataRules(
        EndToken endToken, LearnedTurns turns, Overlength overlength, int tokensMax) {
    /** The rules of the study, with the end token of the chat template. */
    public static final DataRules DEFAULT =
            new DataRules(EndToken.IM_END, LearnedTurns.ALL, Overlength.DROP, 16_384);

    public DataRules {
        if (tokensMax < 2) {
            throw new IllegalArgumentException("tokensMax " + tokensMax);
        }
    }
}
