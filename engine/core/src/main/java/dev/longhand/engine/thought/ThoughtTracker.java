package dev.longhand.engine.thought;

import dev.longhand.engine.tokenizer.StopMatcher;
import dev.longhand.engine.tokenizer.TokenTable;

import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Follows the output of one sequence: whether it thinks, how many tokens that took, and what to
 * write when the budget is spent. There is one thought in an output; markers that come after it are
 * part of the answer. Taking a token in allocates nothing.
 */
public final class ThoughtTracker {
    private static final int[] NOTHING = {};

    private final TokenTable table;
    private final @Nullable StopMatcher begin;
    private final StopMatcher end;
    private final ThoughtRules rules;
    private int[] forced = NOTHING;
    private int forcedCount;
    private boolean thinking;
    private boolean begun;
    private int outputCount;
    private int firstToken;
    private int thoughtTokens;
    private int endBytes;

    /** A tracker for the output that follows a prompt. */
    public ThoughtTracker(ThoughtRules rules, TokenTable table, int[] prompt) {
        this.rules = rules;
        this.table = table;
        String marker = rules.markers().begin();
        begin = marker.isEmpty() ? null : new StopMatcher(List.of(marker));
        end = new StopMatcher(List.of(rules.markers().end()));
        byte[] bytes = marker.stripTrailing().getBytes(StandardCharsets.UTF_8);
        if (begin == null || endsWith(prompt, bytes)) {
            startThought();
            forceIfSpent();
        }
    }

    private boolean endsWith(int[] prompt, byte[] marker) {
        boolean blank = true;
        int left = marker.length;
        for (int at = prompt.length - 1; at >= 0; at--) {
            for (int i = table.length(prompt[at]) - 1; i >= 0; i--) {
                byte value = table.byteAt(prompt[at], i);
                if (blank && (value == ' ' || value == '\n' || value == '\r' || value == '\t')) {
                    continue;
                }
                blank = false;
                if (value != marker[--left]) {
                    return false;
                }
                if (left == 0) {
                    return true;
                }
            }
        }
        return false;
    }

    private void startThought() {
        begun = true;
        thinking = true;
        firstToken = outputCount;
    }

    private void forceIfSpent() {
        boolean limited = rules.budgetTokens() >= 0;
        if (thinking && limited && thoughtTokens >= rules.budgetTokens() && forced.length == 0) {
            forced = rules.closing(end.pendingLength());
        }
    }

    /** The token that comes next whatever the model says, or -1 if the model decides. */
    public int forced() {
        return forcedCount < forced.length ? forced[forcedCount] : -1;
    }

    /** How many guessed tokens a step may check beside its first, so that no draw is undone. */
    public int draftMax() {
        if (rules.budgetTokens() < 0 || (begun && !thinking && forced() < 0)) {
            return Integer.MAX_VALUE;
        }
        if (forced() >= 0) {
            return 0;
        }
        return rules.budgetTokens() - (thinking ? thoughtTokens + 1 : 0);
    }

    /** Takes the next token of the output in. */
    public void accept(int token) {
        boolean wasThinking = thinking;
        forcedCount += forced() >= 0 ? 1 : 0;
        outputCount++;
        thoughtTokens += thinking ? 1 : 0;
        for (int i = 0; i < table.length(token) && (thinking || !begun); i++) {
            byte value = table.byteAt(token, i);
            if (thinking) {
                if (end.accept(value)) {
                    thinking = false;
                    endBytes = i + 1;
                }
            } else if (begin != null && begin.accept(value)) {
                startThought();
            }
        }
        if (wasThinking && thinking && forced.length > 0 && forced() < 0) {
            thinking =
                    false; // a tokenizer that rewrites the marker: it has been written all the same
            endBytes = table.length(token);
        }
        forceIfSpent();
    }

    /** Whether a thought has begun. */
    public boolean begun() {
        return begun;
    }

    /** Whether the next token belongs to the thought. */
    public boolean thinking() {
        return thinking;
    }

    /** Output tokens before the thought: those of its beginning marker, and what came before. */
    public int firstToken() {
        return firstToken;
    }

    /** Tokens of the thought so far, the end marker's included. */
    public int thoughtTokens() {
        return thoughtTokens;
    }

    /** Tokens of the answer so far: after the thought, or all if there was none. */
    public int answerTokens() {
        if (!begun) {
            return outputCount;
        }
        return thinking ? 0 : outputCount - firstToken - thoughtTokens;
    }

    /** How many bytes of the last token of the thought belong to it. */
    public int endBytes() {
        return endBytes;
    }
}
