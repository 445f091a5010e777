package dev.longhand.engine.thought;

import dev.longhand.engine.generation.LoopRule;
import dev.longhand.engine.tokenizer.TokenTable;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;

/**
 * Finds out when the output of one sequence fulfils a {@link LoopRule}. For every period it counts
 * how many tokens in a row were the token so long before: a comparison per period and token, 1,024
 * of them in under a microsecond, however long the output is. Lines are compared by a 64-bit hash
 * of their tokens, once per line. Taking a token in allocates nothing.
 */
public final class LoopDetector {
    private static final long HASH_FACTOR = 0x9E3779B97F4A7C15L; // 2^64 over the golden ratio

    private final LoopRule rule;
    private final @Nullable TokenTable table;
    private final int[] recent; // the newest twice, a window apart: the last tokens lie in a row
    private final int[] runs; // the first of the longest period, the last of period 1
    private final int leastRun; // max(L, r p) - p is never less: L - L / r, at p = L / r
    private final long[] lines; // a ring of hashes
    private int at;
    private int lineCount;
    private int distinctLines;
    private long lineHash;
    private int lineTokens;

    /**
     * A detector.
     *
     * @param table bytes of every token; null without a tokenizer, and then lines are not looked at
     */
    public LoopDetector(LoopRule rule, @Nullable TokenTable table) {
        this.rule = rule;
        this.table = table;
        recent = new int[2 * rule.periodTokensMax()];
        Arrays.fill(recent, -1);
        runs = new int[rule.periodTokensMax()];
        leastRun = rule.loopTokensMin() - rule.loopTokensMin() / rule.repetitionsMin();
        lines = new long[rule.lines()];
    }

    /** Takes the next token of the output in; returns whether it goes in circles with it. */
    public boolean accept(int token) {
        boolean circles = periodEnds(token);
        return (table != null && lines.length > 0 && lineEnds(table, token)) || circles;
    }

    private boolean periodEnds(int token) {
        int window = runs.length;
        int[] tokens = recent;
        int[] counts = runs;
        int first = at; // here lies the oldest of the window, the newest at its end
        int longest = 0;
        for (int i = 0; i < window; i++) {
            int run = tokens[first + i] == token ? counts[i] + 1 : 0;
            counts[i] = run;
            longest = Math.max(longest, run);
        }
        tokens[at] = token;
        tokens[at + window] = token;
        at = at + 1 == window ? 0 : at + 1;
        return longest >= leastRun && anyLoop();
    }

    private boolean anyLoop() {
        for (int i = 0; i < runs.length; i++) {
            int period = runs.length - i;
            long repeated = (long) rule.repetitionsMin() * period;
            long length = Math.max(rule.loopTokensMin(), repeated);
            if (runs[i] >= length - period) {
                return true;
            }
        }
        return false;
    }

    private boolean lineEnds(TokenTable known, int token) {
        lineHash = (lineHash ^ token) * HASH_FACTOR;
        lineHash ^= lineHash >>> 29;
        lineTokens++;
        boolean ends = false;
        for (int i = 0; i < known.length(token) && !ends; i++) {
            ends = known.byteAt(token, i) == '\n';
        }
        if (!ends) {
            return false;
        }
        if (lineTokens >= rule.lineTokensMin()) {
            addLine(lineHash);
        }
        lineHash = 0;
        lineTokens = 0;
        return lineCount >= lines.length && distinctLines <= rule.distinctLinesMax();
    }

    private void addLine(long hash) {
        int place = lineCount % lines.length;
        if (lineCount >= lines.length) {
            distinctLines -= occurrences(lines[place]) == 1 ? 1 : 0;
        }
        lines[place] = hash;
        lineCount++;
        distinctLines += occurrences(hash) == 1 ? 1 : 0;
    }

    private int occurrences(long hash) {
        int same = 0;
        for (int i = 0; i < Math.min(lineCount, lines.length); i++) {
            same += lines[i] == hash ? 1 : 0;
        }
        return same;
    }
}
