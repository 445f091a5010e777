package dev.longhand.engine.error;

/**
 * The queue is full, or a request waited longer than its limit. The same request may succeed later.
 */
public final class EngineBusyException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final long retryAfterMillis;

    /**
     * Creates the error.
     *
     * @param reason why the request is rejected
     * @param retryAfterMillis estimated time until a slot is free
     */
    public EngineBusyException(String reason, long retryAfterMillis) {
        super("busy: %s; try again in %d ms".formatted(reason, retryAfterMillis));
        this.retryAfterMillis = retryAfterMillis;
    }

    /** Estimated time in milliseconds until a slot is free, from the sequences that run now. */
    public long retryAfterMillis() {
        return retryAfterMillis;
    }
}
