package dev.longhand.engine.error;

/** The prompt leaves no room for an answer in the context; a shorter one may succeed. */
public final class ContextLengthException extends InputException {
    private static final long serialVersionUID = 1L;

    public ContextLengthException(String message) {
        super(message);
    }
}
