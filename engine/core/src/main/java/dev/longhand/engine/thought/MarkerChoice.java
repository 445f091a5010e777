package dev.longhand.engine.thought;

import dev.longhand.engine.generation.Thinking;
import dev.longhand.engine.generation.ThoughtMarkers;
import dev.longhand.engine.tokenizer.Tokenizer;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The markers that a thought may have; those that come first count.
 *
 * @param markers at least one
 * @param shownTokens control tokens that have text in an output, because a marker consists of one
 *     and of ordinary text
 */
public record MarkerChoice(List<ThoughtMarkers> markers, Set<Integer> shownTokens) {
    public MarkerChoice {
        markers = List.copyOf(markers);
        shownTokens = Set.copyOf(shownTokens);
    }

    /**
     * Returns the markers of a model: {@link ThoughtMarkers#THINK} if the vocabulary has a token
     * for its end. Otherwise those of Sky-T1 and of s1, which keep the vocabulary and the template
     * of Qwen2.5; and {@link ThoughtMarkers#THINK} if the template speaks of it.
     *
     * @param templateThinks whether the chat template has the end of {@link ThoughtMarkers#THINK}
     */
    public static MarkerChoice ofModel(Tokenizer tokenizer, boolean templateThinks) {
        List<ThoughtMarkers> markers = new ArrayList<>();
        boolean token = tokenizer.encode(ThoughtMarkers.THINK.end()).length == 1;
        if (token || templateThinks) {
            markers.add(ThoughtMarkers.THINK);
        }
        if (!token) {
            markers.add(ThoughtMarkers.SKY_T1);
            markers.add(ThoughtMarkers.S1);
        }
        return of(tokenizer, markers);
    }

    /** Returns the markers that a request names, or these. */
    public MarkerChoice of(Thinking thinking, Tokenizer tokenizer) {
        ThoughtMarkers own = thinking.markers();
        return own == null ? this : of(tokenizer, List.of(own));
    }

    /** Returns the first of the markers alone. */
    public MarkerChoice first() {
        return new MarkerChoice(List.of(markers.getFirst()), shownTokens);
    }

    private static MarkerChoice of(Tokenizer tokenizer, List<ThoughtMarkers> markers) {
        Set<Integer> shown = new HashSet<>();
        for (ThoughtMarkers each : markers) {
            for (String marker : List.of(each.begin(), each.end())) {
                int[] tokens = tokenizer.encode(marker);
                for (int token : tokens) {
                    if (tokens.length > 1 && tokenizer.table().isSpecial(token)) {
                        shown.add(token);
                    }
                }
            }
        }
        return new MarkerChoice(markers, shown);
    }
}
