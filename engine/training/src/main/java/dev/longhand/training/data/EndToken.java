package dev.longhand.training.data;

/** The end of an answer, as it is learned. Decoding stops at either token. */
public enum EndToken {
    /** {@code <|im_end|>}, as the chat template writes it. */
    IM_END,

    /**
     * {@code <|endoftext|>} in place of {@code <|im_end|>} and its newline, as in LLaMA-Factory's
     * template {@code qwen25}.
     */
    ENDOFTEXT,

    /** {@code <|im_end|>} and the newline after it. */
    IM_END_NEWLINE
}
