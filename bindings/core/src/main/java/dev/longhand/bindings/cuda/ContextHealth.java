package dev.longhand.bindings.cuda;

import jcuda.driver.CUresult;

/**
 * Turns the statuses of one context's calls into exceptions. A status that ends the context is
 * remembered, and every later call repeats it.
 */
final class ContextHealth {
    private boolean ended;

    /** Throws if the status is not success. */
    void check(int status, String call) {
        if (status != CUresult.CUDA_SUCCESS) {
            throw failure(status, call, "");
        }
    }

    /**
     * Returns the exception for a status other than success, and remembers a status that ends the
     * context.
     */
    CudaDriverException failure(int status, String call, String detail) {
        CudaDriverException failure = new CudaDriverException(status, call, detail);
        ended |= failure.kind().endsContext();
        return failure;
    }

    /** Whether the caller already knows that the context is unusable. */
    boolean ended() {
        return ended;
    }
}
