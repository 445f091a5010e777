package dev.longhand.engine.error;

import org.jspecify.annotations.Nullable;

/**
 * Something the user gave cannot be used: a file, a setting, a request. The message is one sentence
 * that names it, says what is wrong and, where there is one, the remedy. The command line prints it
 * and exits with status 2.
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
