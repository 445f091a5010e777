package dev.longhand.engine.generation;

import dev.longhand.engine.error.InputException;

/**
 * Texts around a thought. They are matched as bytes, so token boundaries do not matter and control
 * tokens match too.
 *
 * @param begin text before the thought, in the output or at the end of the prompt, where white
 *     space may follow it; empty if outputs start with the thought
 * @param end text at whose last byte the thought ends and the answer starts
 * @param closing text that the engine writes when the budget is spent; contains {@code end}
 */
public record ThoughtMarkers(String begin, String end, String closing) {
    /** Limit for a marker, in characters. */
    public static final int CHARACTERS_MAX = 1024;

    /** Markers of DeepSeek-R1's distilled models, QwQ and Qwen3. */
    public static final ThoughtMarkers THINK =
            new ThoughtMarkers("<think>", "</think>", "\n</think>\n\n");

    /**
     * Markers of the Sky-T1 models and of the study on long chains of thought. Qwen2.5's tokenizer
     * encodes them as ordinary text.
     */
    public static final ThoughtMarkers SKY_T1 =
            new ThoughtMarkers(
                    "<|begin_of_thought|>",
                    "<|end_of_thought|>",
                    "\n\n<|end_of_thought|>\n\n<|begin_of_solution|>\n\n");

    /**
     * Markers of the s1 models: a control token of Qwen2.5's vocabulary, which otherwise begins a
     * turn, and a word.
     */
    public static final ThoughtMarkers S1 =
            new ThoughtMarkers("<|im_start|>think", "<|im_start|>answer", "\n<|im_start|>answer\n");

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

    /** Returns markers whose closing text is the end marker and a blank line. */
    public static ThoughtMarkers of(String begin, String end) {
        return new ThoughtMarkers(begin, end, "\n" + end + "\n\n");
    }
}
