package dev.longhand.engine.thought;

import dev.longhand.engine.generation.Thinking;
import dev.longhand.engine.generation.ThoughtMarkers;
import dev.longhand.engine.tokenizer.Tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The {@link Thinking} of a request in tokens of the model; immutable, shared by all samples. */
public final class ThoughtRules {
    /**
     * Most characters of an end marker that are completed rather than written anew. Each takes an
     * encoding, and outputs that end with more of a marker just then are not to be expected.
     */
    private static final int COMPLETED_MAX = 32;

    private final List<ThoughtMarkers> markers;
    private final int budgetTokens;
    private final List<int[][]> closings = new ArrayList<>(); // per markers
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

    /** Encodes the rules of a request, whose thought may begin anywhere. */
    public ThoughtRules(Thinking thinking, MarkerChoice choice, Tokenizer tokenizer) {
        this(thinking, choice, tokenizer, Begin.ANYWHERE);
    }

    /** Encodes the rules of a request with a thought that may begin in some places only. */
    public ThoughtRules(Thinking thinking, MarkerChoice choice, Tokenizer tokenizer, Begin begin) {
        this.begin = begin;
        markers = choice.markers();
        budgetTokens = thinking.budgetTokens() == null ? -1 : thinking.budgetTokens();
        if (budgetTokens >= 0) {
            markers.forEach(each -> closings.add(closings(each, tokenizer)));
        }
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

    /** Returns the markers that the thought may have; those that come first count. */
    public List<ThoughtMarkers> markers() {
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

    /**
     * Returns the tokens that close a thought.
     *
     * @param which index of the markers around it
     * @param endBytes the bytes of its end marker that are there
     */
    int[] closing(int which, int endBytes) {
        return closings.get(which)[endBytes];
    }

    /** Returns every token that may be forced on the model, with repetitions. */
    public int[] forcedTokens() {
        return closings.stream()
                .flatMap(Arrays::stream)
                .distinct()
                .flatMapToInt(Arrays::stream)
                .toArray();
    }
}
