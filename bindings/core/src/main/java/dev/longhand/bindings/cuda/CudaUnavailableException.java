package dev.longhand.bindings.cuda;

/** A requested CUDA driver or library is not available to this process. */
public final class CudaUnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String reason;
    private final String remedy;

    /**
     * An exception with its cause and remedy.
     *
     * @param reason what was found instead
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

    /** What was found instead. */
    public String reason() {
        return reason;
    }

    /** What the user can do. */
    public String remedy() {
        return remedy;
    }
}
