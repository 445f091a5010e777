package dev.longhand.service.http;

import dev.longhand.engine.generation.TextSegment;
import dev.longhand.engine.generation.ThoughtMarkers;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

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

    private final List<String> begins = new ArrayList<>();
    private final List<String> ends; // of the thought that has begun: one, unless the prompt began
    private final StringBuilder pending = new StringBuilder();
    private final StringBuilder text = new StringBuilder();
    private final StringBuilder thought = new StringBuilder();
    private State state = State.BEFORE;

    private ThoughtReader(List<ThoughtMarkers> markers) {
        markers.forEach(each -> begins.add(each.begin()));
        ends = new ArrayList<>(markers.stream().map(ThoughtMarkers::end).toList());
    }

    /** Returns a reader with the markers that the engine knows; null if it knows none. */
    static @Nullable ThoughtReader of(List<ThoughtMarkers> markers) {
        return markers.isEmpty() ? null : new ThoughtReader(markers);
    }

    /** The place of a marker in the pending text. */
    private record Found(int at, int which) {}

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
                move(pending.length() - held(begins));
            }
        }
        if (state == State.THINKING && !passEnd()) {
            if (thinking && phase == TextSegment.ANSWER && !more.isEmpty()) {
                move(before);
                state = State.AFTER;
            } else {
                move(pending.length() - held(ends));
            }
        }
        if (state == State.AFTER) {
            move(pending.length());
        }
    }

    private boolean passBegin() {
        Found found = first(begins);
        if (found != null) {
            move(found.at);
            state = State.THINKING;
            pending.delete(0, begins.get(found.which).length());
            String end = ends.get(found.which);
            ends.clear();
            ends.add(end);
        }
        return found != null;
    }

    private boolean passEnd() {
        Found found = first(ends);
        if (found != null) {
            move(found.at);
            pending.delete(0, ends.get(found.which).length());
            state = State.AFTER;
        }
        return found != null;
    }

    /** The first marker in the pending text; null if there is none. */
    private @Nullable Found first(List<String> markers) {
        Found first = null;
        for (int i = 0; i < markers.size(); i++) {
            int at = markers.get(i).isEmpty() ? -1 : pending.indexOf(markers.get(i));
            if (at >= 0 && (first == null || at < first.at)) {
                first = new Found(at, i);
            }
        }
        return first;
    }

    /** The pending characters that may begin a marker. */
    private int held(List<String> markers) {
        int held = 0;
        for (String each : markers) {
            held = Math.max(held, ToolCallReader.beginning(pending, each));
        }
        return held;
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
