package dev.longhand.engine.thought;

import dev.longhand.engine.generation.Thinking;
import dev.longhand.engine.generation.ThoughtMarkers;
import dev.longhand.engine.tokenizer.Tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The {@link Thinking} of a request in tokens of the model; immutable, shared by all samples. */
public final class ThoughtRules {
    /**
     * Most characters of an end marker that are completed rather than written anew. Each takes an
     * encoding, and outputs that end with more of a marker just then are not to be expected.
     */
    private static final int COMPLETED_MAX = 32;

    private final ThoughtMarkers markers;
    private final int budgetTokens;
    private final int[][] closings;
    private final Begin begin;

    /** Where a thought may begin, other than at the end of the prompt. */
    public enum Begin {
        /** Where its marker is in the output. */
        ANYWHERE,
        /** With a marker that the output begins with. */
        FIRST,
        /** Nowhere: a marker in the output is part of the answer. */
        NOWHERE
    }

    /** Encodes the rules of a request; see {@link Thinking#markers(Tokenizer)}. */
    public ThoughtRules(Thinking thinking, Tokenizer tokenizer) {
        this(thinking, tokenizer, Begin.ANYWHERE);
    }

    /** Encodes the rules of a request with a thought that may begin in some places only. */
    public ThoughtRules(Thinking thinking, Tokenizer tokenizer, Begin begin) {
        this.begin = begin;
        markers = thinking.markers(tokenizer);
        budgetTokens = thinking.budgetTokens() == null ? -1 : thinking.budgetTokens();
        closings = budgetTokens < 0 ? new int[0][] : closings(markers, tokenizer);
    }

    /**
     * Encodes the closing text for each number of end marker bytes that the output may end with. A
     * part of the marker, for example the {@code <} of a formula, is completed: parsers of the text
     * would not recognise a whole marker written after it. A marker that is a single token is
     * always written whole, since the model knows it by that token only, and so is one of which
     * more than {@link #COMPLETED_MAX} characters are there.
     */
    private static int[][] closings(ThoughtMarkers markers, Tokenizer tokenizer) {
        byte[] end = markers.end().getBytes(StandardCharsets.UTF_8);
        int[][] closings = new int[end.length][];
        Arrays.fill(closings, tokenizer.encode(markers.closing()));
        if (tokenizer.encode(markers.end()).length > 1) {
            int at = markers.closing().indexOf(markers.end());
            int completed = 0;
            for (int bytes = 1; bytes < end.length && completed < COMPLETED_MAX; bytes++) {
                if ((end[bytes] & 0xc0) != 0x80) { // a character begins here
                    completed++;
                    at = markers.closing().offsetByCodePoints(at, 1);
                    closings[bytes] = tokenizer.encode(markers.closing().substring(at));
                }
            }
        }
        return closings;
    }

    /** Returns the markers around the thought. */
    public ThoughtMarkers markers() {
        return markers;
    }

    /** Returns where a thought may begin. */
    Begin begin() {
        return begin;
    }

    /** Returns the most tokens that the model may sample for the thought; -1 without a limit. */
    int budgetTokens() {
        return budgetTokens;
    }

    /** Returns the tokens that close a thought after {@code endBytes} bytes of its end marker. */
    int[] closing(int endBytes) {
        return closings[endBytes];
    }

    /** Returns every token that may be forced on the model, with repetitions. */
    public int[] forcedTokens() {
        return Arrays.stream(closings).distinct().flatMapToInt(Arrays::stream).toArray();
    }
}
