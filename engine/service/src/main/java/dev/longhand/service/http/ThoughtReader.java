package dev.longhand.service.http;

import dev.longhand.engine.generation.TextSegment;
import dev.longhand.engine.generation.Thinking;
import dev.longhand.engine.generation.ThoughtMarkers;
import dev.longhand.engine.tokenizer.Tokenizer;

import org.jspecify.annotations.Nullable;

import java.util.Optional;

/**
 * Separates the thought from the answer while a text streams; the markers belong to neither. The
 * engine's phases show a thought whose markers are not in the text: one that the prompt begins, or
 * with control tokens as markers.
 */
final class ThoughtReader {
    private enum State {
        BEFORE,
        THINKING,
        AFTER
    }

    private final ThoughtMarkers markers;
    private final StringBuilder pending = new StringBuilder();
    private final StringBuilder text = new StringBuilder();
    private final StringBuilder thought = new StringBuilder();
    private State state = State.BEFORE;

    private ThoughtReader(ThoughtMarkers markers) {
        this.markers = markers;
    }

    /** Returns a reader with the markers that the engine uses; null without tokenizer files. */
    static @Nullable ThoughtReader of(Thinking thinking, Optional<Tokenizer> tokenizer) {
        return tokenizer.map(known -> new ThoughtReader(thinking.markers(known))).orElse(null);
    }

    /**
     * Appends text.
     *
     * @param phase the phase of the token with which the text came
     */
    void append(String more, TextSegment phase) {
        int before = pending.length();
        boolean thinking = state == State.THINKING;
        pending.append(more);
        if (state == State.BEFORE && !passBegin()) {
            if (phase == TextSegment.THOUGHT && !more.isEmpty()) {
                state = State.THINKING;
            } else {
                move(pending.length() - ToolCallReader.beginning(pending, markers.begin()));
            }
        }
        if (state == State.THINKING && !passEnd()) {
            if (thinking && phase == TextSegment.ANSWER && !more.isEmpty()) {
                move(before);
                state = State.AFTER;
            } else {
                move(pending.length() - ToolCallReader.beginning(pending, markers.end()));
            }
        }
        if (state == State.AFTER) {
            move(pending.length());
        }
    }

    private boolean passBegin() {
        int at = markers.begin().isEmpty() ? -1 : pending.indexOf(markers.begin());
        if (at >= 0) {
            move(at);
            state = State.THINKING;
            pending.delete(0, markers.begin().length());
        }
        return at >= 0;
    }

    private boolean passEnd() {
        int at = pending.indexOf(markers.end());
        if (at >= 0) {
            move(at);
            pending.delete(0, markers.end().length());
            state = State.AFTER;
        }
        return at >= 0;
    }

    private void move(int characters) {
        (state == State.THINKING ? thought : text).append(pending, 0, characters);
        pending.delete(0, characters);
    }

    /** Ends the text; what may have begun a marker belongs to the part where it stands. */
    void finish() {
        move(pending.length());
    }

    /** Removes and returns the new text of the answer. */
    String takeText() {
        return take(text);
    }

    /** Removes and returns the new text of the thought. */
    String takeThought() {
        return take(thought);
    }

    private static String take(StringBuilder from) {
        String taken = from.toString();
        from.setLength(0);
        return taken;
    }
}
