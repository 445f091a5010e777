package dev.longhand.engine.generation;

import dev.longhand.engine.error.InputException;

/**
 * Rule that decides whether an output loops. The output ends at the first token with which one of
 * two conditions holds:
 *
 * <ul>
 *   <li><b>period</b>: the output ends with repetitions of one sequence of at most {@code
 *       periodTokensMax} tokens, at least {@code repetitionsMin} times and {@code loopTokensMin}
 *       tokens in total;
 *   <li><b>lines</b>: its last {@code lines} lines of at least {@code lineTokensMin} tokens have at
 *       most {@code distinctLinesMax} distinct ones, in any order. A line ends with a token that
 *       contains a line feed; shorter lines do not count. This condition needs a tokenizer.
 * </ul>
 *
 * <p>Tables and enumerations pass as long as their numbers differ.
 *
 * @param periodTokensMax longest period, in tokens
 * @param repetitionsMin least number of repetitions
 * @param loopTokensMin least length of all repetitions together, in tokens
 * @param lines number of lines to compare; 0 compares none
 * @param distinctLinesMax most distinct lines among them
 * @param lineTokensMin shortest line that counts, in tokens
 */
public record LoopRule(
        int periodTokensMax,
        int repetitionsMin,
        int loopTokensMin,
        int lines,
        int distinctLinesMax,
        int lineTokensMin) {
    /**
     * Four repetitions of up to 1,024 tokens and at least 512 tokens in total, so that a matrix of
     * zeros passes; or 48 lines of at least 8 tokens with at most 6 distinct ones.
     */
    public static final LoopRule DEFAULT = new LoopRule(1024, 4, 512, 48, 6, 8);

    /** Limit for the period: the detector makes one comparison per token and period. */
    public static final int PERIOD_TOKENS_MAX = 4096;

    /** Limit for the lines of a rule. */
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
