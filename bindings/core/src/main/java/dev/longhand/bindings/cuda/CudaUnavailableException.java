package dev.longhand.bindings.cuda;

/** A requested CUDA driver or library is not available to this process. */
public final class CudaUnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String reason;
    private final String remedy;

    /**
     * Creates an exception with its reason and remedy.
     *
     * @param reason why the driver or library is not available
     * @param remedy what the user can do
     */
    public CudaUnavailableException(String reason, String remedy) {
        super(reason + "; " + remedy);
        this.reason = reason;
        this.remedy = remedy;
    }

    CudaUnavailableException(String reason, String remedy, Throwable cause) {
        super(reason + "; " + remedy, cause);
        this.reason = reason;
        this.remedy = remedy;
    }

    /** Why the driver or library is not available. */
    public String reason() {
        return reason;
    }

    /** What the user can do. */
    public String remedy() {
        return remedy;
    }
}
