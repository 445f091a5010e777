package dev.longhand.engine.error;

import org.jspecify.annotations.Nullable;

/**
 * Error in the caller's input: a file, a setting or a request. The message is one sentence that
 * names the input, the fault and, if there is one, the remedy.
 */
public class InputException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public InputException(String message) {
        super(message);
    }

    public InputException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
