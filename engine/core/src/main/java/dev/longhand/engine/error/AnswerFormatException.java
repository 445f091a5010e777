package dev.longhand.engine.error;

/** An answer format that cannot be enforced; the message names the part of it at fault. */
public final class AnswerFormatException extends InputException {
    private static final long serialVersionUID = 1L;

    public AnswerFormatException(String message) {
        super(message);
    }
}
