package dev.longhand.engine.schedule;

/** The queue is full; the same request may be accepted later. */
public final class EngineBusyException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    EngineBusyException(int depthMax) {
        super("busy: " + depthMax + " requests are waiting already; try again later");
    }
}
