package dev.longhand.engine.schedule;

/** Too many wait, or one has waited too long; the same request may be accepted later. */
public final class EngineBusyException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final long retryAfterMillis;

    EngineBusyException(String what, long retryAfterMillis) {
        super("busy: %s; try again in %d ms".formatted(what, retryAfterMillis));
        this.retryAfterMillis = retryAfterMillis;
    }

    /** When a place will probably be free, in milliseconds; estimated from what runs. */
    public long retryAfterMillis() {
        return retryAfterMillis;
    }
}
