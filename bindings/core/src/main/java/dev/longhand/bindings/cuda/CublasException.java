package dev.longhand.bindings.cuda;

import jcuda.jcublas.cublasStatus;

/** A call into cuBLAS returned a status other than success. */
public final class CublasException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final String call;

    CublasException(int status, String call, String detail) {
        super(
                "%s: %s (%d)%s; %s"
                        .formatted(
                                call,
                                cublasStatus.stringFor(status),
                                status,
                                detail.isEmpty() ? "" : ", " + detail,
                                remedy(status)));
        this.status = status;
        this.call = call;
    }

    /** Turns a status other than CUBLAS_STATUS_SUCCESS into an exception. */
    static void check(int status, String call) {
        if (status != cublasStatus.CUBLAS_STATUS_SUCCESS) {
            throw new CublasException(status, call, "");
        }
    }

    private static String remedy(int status) {
        return switch (status) {
            case cublasStatus.CUBLAS_STATUS_NOT_INITIALIZED,
                    cublasStatus.CUBLAS_STATUS_ALLOC_FAILED ->
                    "free memory of the device: cuBLAS wants a workspace of its own";
            case cublasStatus.CUBLAS_STATUS_ARCH_MISMATCH,
                    cublasStatus.CUBLAS_STATUS_NOT_SUPPORTED ->
                    "this device or libcublas has no such product; use our kernels";
            case cublasStatus.CUBLAS_STATUS_EXECUTION_FAILED ->
                    "close this driver and open another; please report the sizes";
            default -> "please report this message";
        };
    }

    /** The cublasStatus_t. */
    public int status() {
        return status;
    }

    /** The status's name, such as {@code CUBLAS_STATUS_ALLOC_FAILED}. */
    public String statusName() {
        return cublasStatus.stringFor(status);
    }

    /** The call, such as {@code cublasGemmEx}. */
    public String call() {
        return call;
    }

    /** What the user can do. */
    public String remedy() {
        return remedy(status);
    }
}
