package dev.longhand.engine.generation;

import dev.longhand.engine.error.InputException;

/**
 * When an output counts as going in circles. Either of two things ends it, at the token with which
 * it becomes true:
 *
 * <ul>
 *   <li><b>period</b>: for some p of at most {@code periodTokensMax}, each of its last max({@code
 *       loopTokensMin}, {@code repetitionsMin} p) tokens but the first p is the token p before it;
 *   <li><b>lines</b>: among its last {@code lines} lines of at least {@code lineTokensMin} tokens
 *       there are at most {@code distinctLinesMax} different ones, in whatever order. A line ends
 *       with a token that holds a line feed; shorter lines are passed over. Needs a tokenizer.
 * </ul>
 *
 * <p>Tables and enumerations do not fulfil it as long as their numbers differ.
 *
 * @param periodTokensMax the longest period looked for
 * @param repetitionsMin how often a period must stand
 * @param loopTokensMin how many tokens the repetitions must have together
 * @param lines how many lines are looked at; 0 looks at none
 * @param distinctLinesMax how many of them may differ
 * @param lineTokensMin the shortest line that counts
 */
public record LoopRule(
        int periodTokensMax,
        int repetitionsMin,
        int loopTokensMin,
        int lines,
        int distinctLinesMax,
        int lineTokensMin) {
    /**
     * Four times the same up to 1,024 tokens, and 512 of them at least, so that a matrix of zeros
     * passes; or 48 lines of 8 tokens or more, each eight times on average.
     */
    public static final LoopRule DEFAULT = new LoopRule(1024, 4, 512, 48, 6, 8);

    /** The longest period that a rule may look for: the detector compares so often per token. */
    public static final int PERIOD_TOKENS_MAX = 4096;

    /** The most lines that a rule may look at. */
    public static final int LINES_MAX = 1024;

    public LoopRule {
        require(periodTokensMax, 1, PERIOD_TOKENS_MAX, "loop period");
        require(repetitionsMin, 2, 1 << 20, "loop repetitions");
        require(loopTokensMin, 1, 1 << 30, "loop tokens");
        require(lines, 0, LINES_MAX, "loop lines");
        require(distinctLinesMax, 1, LINES_MAX, "distinct loop lines");
        require(lineTokensMin, 1, 1 << 30, "tokens of a loop line");
    }

    private static void require(int value, int least, int most, String name) {
        if (value < least || value > most) {
            throw new InputException("%s: %d..%d, not %d".formatted(name, least, most, value));
        }
    }
}
