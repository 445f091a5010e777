package dev.longhand.engine.generation;

import dev.longhand.engine.error.InputException;

/**
 * The texts around a thought. They are found as bytes, wherever tokens cut them, in control tokens
 * too.
 *
 * @param begin after it the thought begins: in the output, or at the end of the prompt, where white
 *     space may follow it; empty if outputs begin with the thought
 * @param end with its last byte the thought ends, and the answer begins
 * @param closing what is written for a model that has spent its budget: contains {@code end}
 */
public record ThoughtMarkers(String begin, String end, String closing) {
    /** The longest marker, in characters. */
    public static final int CHARACTERS_MAX = 1024;

    /** Of DeepSeek-R1's distilled models, QwQ and Qwen3. */
    public static final ThoughtMarkers THINK =
            new ThoughtMarkers("<think>", "</think>", "\n</think>\n\n");

    /**
     * Of the Sky-T1 models and the study on long chains of thought that users reproduce: ordinary
     * text for Qwen2.5's tokenizer.
     */
    public static final ThoughtMarkers SKY_T1 =
            new ThoughtMarkers(
                    "<|begin_of_thought|>",
                    "<|end_of_thought|>",
                    "\n\n<|end_of_thought|>\n\n<|begin_of_solution|>\n\n");

    public ThoughtMarkers {
        if (end.isEmpty()) {
            throw new InputException("the end-of-thought text must not be empty");
        }
        if (begin.isBlank() && !begin.isEmpty()) {
            throw new InputException("a begin-of-thought text must not be blank");
        }
        if (begin.length() > CHARACTERS_MAX || closing.length() > CHARACTERS_MAX) {
            throw new InputException(
                    "thought markers have at most " + CHARACTERS_MAX + " characters");
        }
        if (!closing.contains(end)) {
            throw new InputException(
                    "the text that closes a thought must contain the end-of-thought text");
        }
    }

    /** Markers whose thought is closed by the end marker and a blank line. */
    public static ThoughtMarkers of(String begin, String end) {
        return new ThoughtMarkers(begin, end, "\n" + end + "\n\n");
    }
}
