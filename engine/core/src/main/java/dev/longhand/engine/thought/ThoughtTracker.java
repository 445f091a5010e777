package dev.longhand.engine.thought;

import dev.longhand.engine.generation.ThoughtMarkers;
import dev.longhand.engine.tokenizer.StopMatcher;
import dev.longhand.engine.tokenizer.TokenTable;

import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Tracks the thought in the output of one sequence: its bounds, its tokens, and the forced tokens
 * that close it when its budget is spent. An output has at most one thought; later markers are part
 * of the answer. Adding a token allocates nothing.
 */
public final class ThoughtTracker {
    private static final int[] NOTHING = {};

    private final TokenTable table;
    private final @Nullable StopMatcher begin;
    private final StopMatcher[] ends; // per markers
    private final ThoughtRules rules;
    private int[] forced = NOTHING;
    private int forcedCount;
    private int which; // index of the thought's markers
    private boolean thinking;
    private boolean begun;
    private boolean never; // a thought that has not begun does not begin any more
    private int outputCount;
    private int firstToken;
    private int thoughtTokens;
    private int endBytes;
    private int bytes; // of the output before a thought

    /**
     * Creates the tracker of the output that follows a prompt. The thought begins at once if the
     * begin marker is empty, or if the prompt ends with one, apart from white space.
     */
    public ThoughtTracker(ThoughtRules rules, TokenTable table, int[] prompt) {
        this.rules = rules;
        this.table = table;
        List<ThoughtMarkers> markers = rules.markers();
        boolean atOnce = markers.getFirst().begin().isEmpty();
        begin =
                atOnce
                        ? null
                        : new StopMatcher(markers.stream().map(ThoughtMarkers::begin).toList());
        ends =
                markers.stream()
                        .map(each -> new StopMatcher(List.of(each.end())))
                        .toArray(StopMatcher[]::new);
        for (int i = 0; i < ends.length && !begun; i++) {
            byte[] marker = markers.get(i).begin().stripTrailing().getBytes(StandardCharsets.UTF_8);
            if (atOnce || endsWith(prompt, marker)) {
                startThought(i);
                forceIfSpent();
            }
        }
        never = !begun && rules.begin() == ThoughtRules.Begin.NOWHERE;
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

    private void startThought(int markers) {
        which = markers;
        begun = true;
        thinking = true;
        firstToken = outputCount;
    }

    private void forceIfSpent() {
        boolean limited = rules.budgetTokens() >= 0;
        if (thinking && limited && thoughtTokens >= rules.budgetTokens() && forced.length == 0) {
            forced = rules.closing(which, ends[which].pendingLength());
        }
    }

    /** Returns the token that must come next, whatever the model samples; -1 if it is free. */
    public int forced() {
        return forcedCount < forced.length ? forced[forcedCount] : -1;
    }

    /**
     * Returns how many draft tokens the next step may verify. A step must not sample where a token
     * has to be forced, so the rest of the budget is the limit.
     */
    public int draftMax() {
        if (rules.budgetTokens() < 0 || never || (begun && !thinking && forced() < 0)) {
            return Integer.MAX_VALUE;
        }
        if (forced() >= 0) {
            return 0;
        }
        return rules.budgetTokens() - (thinking ? thoughtTokens + 1 : 0);
    }

    /** Adds the next output token. */
    public void accept(int token) {
        boolean wasThinking = thinking;
        forcedCount += forced() >= 0 ? 1 : 0;
        outputCount++;
        thoughtTokens += thinking ? 1 : 0;
        for (int i = 0; i < table.length(token) && (thinking || mayBegin()); i++) {
            byte value = table.byteAt(token, i);
            if (thinking) {
                if (ends[which].accept(value)) {
                    thinking = false;
                    endBytes = i + 1;
                }
            } else if (begin != null && begin.accept(value)) {
                startThought(begin.matched());
            } else if (rules.begin() == ThoughtRules.Begin.FIRST) {
                bytes++;
                never = begin == null || begin.pendingLength() < bytes;
            }
        }
        if (wasThinking && thinking && forced.length > 0 && forced() < 0) {
            // The tokenizer has rewritten the marker, so its bytes did not appear.
            thinking = false;
            endBytes = table.length(token);
        }
        forceIfSpent();
    }

    private boolean mayBegin() {
        return !begun && !never;
    }

    /** Whether a thought has begun. */
    public boolean begun() {
        return begun;
    }

    /** Whether the next token belongs to the thought. */
    public boolean thinking() {
        return thinking;
    }

    /** Returns the index of the thought's first output token, which follows the begin marker. */
    public int firstToken() {
        return firstToken;
    }

    /** Returns the tokens of the thought so far, including those of the end marker. */
    public int thoughtTokens() {
        return thoughtTokens;
    }

    /** Returns the tokens of the answer so far: those after the thought, or all without one. */
    public int answerTokens() {
        if (!begun) {
            return outputCount;
        }
        return thinking ? 0 : outputCount - firstToken - thoughtTokens;
    }

    /** Returns how many bytes of the thought's last token belong to the thought. */
    public int endBytes() {
        return endBytes;
    }
}
