package dev.longhand.jinja;

import java.time.Clock;
import java.util.ArrayList;
import java.util.List;

/** Output and budget of one rendering. */
final class RenderState {
    /** Characters of text work that count as one step. */
    private static final int CHARACTERS_PER_STEP = 32;

    private final RenderLimits limits;
    private final Clock clock;
    private final StringBuilder top = new StringBuilder();
    private final List<Rendering.Span> generations = new ArrayList<>();
    private StringBuilder output = top;
    private long steps;
    private int depth;

    RenderState(RenderLimits limits, Clock clock) {
        this.limits = limits;
        this.clock = clock;
        steps = limits.steps();
    }

    Clock clock() {
        return clock;
    }

    /** Returns the buffer that statements write to now. */
    StringBuilder output() {
        return output;
    }

    List<Rendering.Span> generations() {
        return generations;
    }

    /** Adds a part of the output that begins where the output ends now. */
    void addGeneration(String text) {
        generations.add(new Rendering.Span(top.length(), top.length() + text.length()));
    }

    void write(String text) {
        step();
        requireLength((long) output.length() + text.length());
        output.append(text);
    }

    /** Executes a body into a text of its own. */
    String capture(Statement body, Frame frame) {
        StringBuilder outer = output;
        output = new StringBuilder();
        try {
            body.execute(frame);
            return output.toString();
        } finally {
            output = outer;
        }
    }

    void step() {
        if (--steps < 0) {
            throw TemplateException.limit(
                    "the template takes more than " + limits.steps() + " steps");
        }
    }

    /** Counts the handling of so many values. */
    void steps(long count) {
        steps = Math.max(0, steps - count);
        step();
    }

    /** Counts the handling of a text. */
    void textSteps(long characters) {
        steps(characters / CHARACTERS_PER_STEP);
    }

    /** Checks the length of a text before it is made. */
    void requireLength(long characters) {
        if (characters > limits.characters()) {
            throw TemplateException.limit(
                    "the template makes a text of more than "
                            + limits.characters()
                            + " characters");
        }
    }

    void enter() {
        if (++depth > limits.depth()) {
            throw TemplateException.limit(
                    "the template calls itself more than " + limits.depth() + " levels deep");
        }
    }

    void leave() {
        depth--;
    }
}
