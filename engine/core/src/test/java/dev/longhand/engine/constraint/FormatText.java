package dev.longhand.engine.constraint;

import dev.longhand.engine.generation.AnswerFormat;
import dev.longhand.engine.generation.ToolCallForm;

import java.nio.charset.StandardCharsets;

/** Reads whole texts by the automaton of a format. */
final class FormatText {
    private final CompiledFormat format;
    private final AutomatonStates states;

    FormatText(AnswerFormat format) {
        this(format, ToolCallForm.HERMES);
    }

    FormatText(AnswerFormat format, ToolCallForm form) {
        this.format = FormatCompiler.compile(format, form, null);
        states = new AutomatonStates(this.format.automaton());
    }

    static FormatText schema(String text) {
        return new FormatText(AnswerFormat.jsonSchema(text));
    }

    /** The state after a text. */
    AutomatonState after(String text) {
        AutomatonState at = states.start(format.start());
        for (byte each : text.getBytes(StandardCharsets.UTF_8)) {
            at = states.step(at, each & 0xff);
        }
        return at;
    }

    boolean accepts(String text) {
        return after(text).accepting();
    }
}
