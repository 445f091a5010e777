package dev.longhand.training.run;

/**
 * A loss or gradient is not finite. The update did not happen; the checkpoints and folders of
 * earlier steps are intact.
 */
public final class DivergenceException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    DivergenceException(String message) {
        super(message);
    }
}
