package dev.longhand.engine.thought;

import dev.longhand.engine.tokenizer.StopMatcher;
import dev.longhand.engine.tokenizer.TokenTable;
import dev.longhand.engine.tokenizer.Tokenizer;

import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
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
    private final int budgetTokens; // -1: no limit
    private final int[][] closings; // by how many bytes of the end marker stand already
    private int[] forced = NOTHING;
    private int forcedCount;
    private boolean thinking;
    private boolean begun;
    private int outputCount;
    private int firstToken;
    private int thoughtTokens;
    private int endBytes;

    /** A tracker for the output that follows a prompt. */
    public ThoughtTracker(
            ThoughtMarkers markers,
            @Nullable Integer budgetTokens,
            Tokenizer tokenizer,
            int[] prompt) {
        table = tokenizer.table();
        begin = markers.begin().isEmpty() ? null : new StopMatcher(List.of(markers.begin()));
        end = new StopMatcher(List.of(markers.end()));
        this.budgetTokens = budgetTokens == null ? -1 : budgetTokens;
        closings = budgetTokens == null ? new int[0][] : closings(markers, tokenizer);
        String marker = markers.begin().stripTrailing();
        if (begin == null || endsWith(prompt, marker.getBytes(StandardCharsets.UTF_8))) {
            startThought();
            forceIfSpent();
        }
    }

    /**
     * What closes the thought. Where a part of the end marker stands already, as a "<" may in any
     * formula, it is completed: written twice it would be no marker to those who read the text. Not
     * so a marker that is a token of its own, since the model knows it by that token only.
     */
    private static int[][] closings(ThoughtMarkers markers, Tokenizer tokenizer) {
        byte[] end = markers.end().getBytes(StandardCharsets.UTF_8);
        int[][] closings = new int[end.length][];
        int[] whole = tokenizer.encode(markers.closing());
        Arrays.fill(closings, whole);
        if (tokenizer.encode(markers.end()).length > 1) {
            int at = markers.closing().indexOf(markers.end());
            for (int bytes = 1; bytes < end.length; bytes++) {
                if ((end[bytes] & 0xc0) != 0x80) { // a character begins here
                    at = markers.closing().offsetByCodePoints(at, 1);
                    closings[bytes] = tokenizer.encode(markers.closing().substring(at));
                }
            }
        }
        return closings;
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
        if (thinking && budgetTokens >= 0 && thoughtTokens >= budgetTokens && forced.length == 0) {
            forced = closings[end.pendingLength()];
        }
    }

    /** The token that comes next whatever the model says, or -1 if the model decides. */
    public int forced() {
        return forcedCount < forced.length ? forced[forcedCount] : -1;
    }

    /** How many guessed tokens a step may check beside its first, so that no draw is undone. */
    public int draftMax() {
        if (budgetTokens < 0 || (begun && !thinking && forced() < 0)) {
            return Integer.MAX_VALUE;
        }
        if (forced() >= 0) {
            return 0;
        }
        return thinking ? budgetTokens - thoughtTokens - 1 : budgetTokens;
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
