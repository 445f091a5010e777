package dev.longhand.engine.error;

/**
 * An {@link Error} of the JVM, for example a full heap, that ended a generation or a request. The
 * engine and its other generations go on.
 */
public final class EngineFailureException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private static final String HEAP =
            "the Java heap is full; use a larger one, or ask for fewer tokens, samples or"
                    + " log-probabilities";

    /** Made in advance, for a heap that has no room for another. */
    @SuppressWarnings("StaticAssignmentOfThrowable") // it has no stack trace
    private static final EngineFailureException HEAP_FULL = new EngineFailureException();

    private EngineFailureException() {
        super(HEAP, null, false, false);
    }

    private EngineFailureException(String message, Throwable cause) {
        super(message, cause);
    }

    /**
     * Returns a {@link RuntimeException} as it is, and an {@link Error} as the cause of a new one.
     */
    public static RuntimeException of(Throwable cause) {
        if (cause instanceof RuntimeException failure) {
            return failure;
        }
        try {
            return new EngineFailureException(
                    cause instanceof OutOfMemoryError
                            ? HEAP
                            : "the engine failed with an error of the JVM: " + cause,
                    cause);
        } catch (OutOfMemoryError e) {
            return HEAP_FULL;
        }
    }
}
