package dev.longhand.app.hub;

import java.io.IOException;

/** A failure that may pass: of the network, or of a server that is busy or ill. */
final class TransientFailure extends IOException {
    private static final long serialVersionUID = 1L;

    private final long waitMillis;

    TransientFailure(String message, Throwable cause) {
        super(message, cause);
        waitMillis = 0;
    }

    /**
     * Creates a failure.
     *
     * @param waitMillis the time after which the server wants to be asked again; 0 if it does not
     *     say
     */
    TransientFailure(String message, long waitMillis) {
        super(message);
        this.waitMillis = waitMillis;
    }

    long waitMillis() {
        return waitMillis;
    }
}
