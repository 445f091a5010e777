package dev.longhand.engine.thought;

import dev.longhand.engine.generation.Thinking;
import dev.longhand.engine.generation.ThoughtMarkers;
import dev.longhand.engine.tokenizer.Tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** What a request says about its thought, in tokens of the model; the same for all its samples. */
public final class ThoughtRules {
    private final ThoughtMarkers markers;
    private final int budgetTokens;
    private final int[][] closings;

    /**
     * Prepares a request's rules. Markers that it does not name are those that the vocabulary has a
     * token for, else those that are text in any.
     */
    public ThoughtRules(Thinking thinking, Tokenizer tokenizer) {
        if (thinking.markers() != null) {
            markers = thinking.markers();
        } else {
            boolean token = tokenizer.encode(ThoughtMarkers.THINK.end()).length == 1;
            markers = token ? ThoughtMarkers.THINK : ThoughtMarkers.SKY_T1;
        }
        budgetTokens = thinking.budgetTokens() == null ? -1 : thinking.budgetTokens();
        closings = budgetTokens < 0 ? new int[0][] : closings(markers, tokenizer);
    }

    /**
     * What closes the thought. Where a part of the end marker stands already, as a "<" may in any
     * formula, it is completed: written twice it would be no marker to those who read the text. Not
     * so a marker that is a token of its own, since the model knows it by that token only.
     */
    private static int[][] closings(ThoughtMarkers markers, Tokenizer tokenizer) {
        byte[] end = markers.end().getBytes(StandardCharsets.UTF_8);
        int[][] closings = new int[end.length][];
        Arrays.fill(closings, tokenizer.encode(markers.closing()));
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

    /** Where the thought begins and ends. */
    public ThoughtMarkers markers() {
        return markers;
    }

    /** The most tokens of a thought, -1 if there is no limit. */
    int budgetTokens() {
        return budgetTokens;
    }

    /** What to write where so many bytes of the end marker stand already. */
    int[] closing(int endBytes) {
        return closings[endBytes];
    }

    /** Every token that may be written for the model. */
    public int[] forcedTokens() {
        return Arrays.stream(closings).flatMapToInt(Arrays::stream).toArray();
    }
}
