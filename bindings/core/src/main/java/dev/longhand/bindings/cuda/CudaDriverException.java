package dev.longhand.bindings.cuda;

import jcuda.driver.CUresult;

/**
 * A call into the CUDA driver returned a status other than success. Queued work runs later, so a
 * failed kernel may be reported by a call after its launch.
 */
public final class CudaDriverException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    // Statuses of CUDA 13, which JCuda 12.6 does not know.
    private static final int CUDA_ERROR_CONTAINED = 226;
    private static final int CUDA_ERROR_TENSOR_MEMORY_LEAK = 721;

    /** The consequence of a status. */
    public enum Kind {
        /** The requested memory is not available; the context stays usable. */
        OUT_OF_MEMORY(
                "the device or the host has not enough memory left",
                "lower EngineConfig.contextTokensMax or the batch size, or end what else"
                        + " uses the device"),
        /** A kernel failed while it ran: its context is unusable. */
        LAUNCH_FAILED(
                "a kernel failed while it ran, and its context with it",
                "close this driver and open another; please report the kernel and its sizes"),
        /** The device is gone for this process. */
        DEVICE_LOST(
                "the device is no longer there for this process",
                "look at nvidia-smi and the kernel log, then start the process again"),
        /** The driver refused the code before it ran. */
        BAD_MODULE(
                "the driver does not take this code",
                "update the NVIDIA driver; if it is current, the code is not for this device"),
        /** The driver or the device does not support the request. */
        NOT_SUPPORTED(
                "this driver or device does not have that",
                "update the NVIDIA driver, or use Device.CPU"),
        /** Anything else: usually a caller's mistake. */
        OTHER("the driver refuses the call", "please report this message");

        private final String reason;
        private final String remedy;

        Kind(String reason, String remedy) {
            this.reason = reason;
            this.remedy = remedy;
        }

        static Kind of(int status) {
            return switch (status) {
                case CUresult.CUDA_ERROR_OUT_OF_MEMORY -> OUT_OF_MEMORY;
                case CUresult.CUDA_ERROR_ILLEGAL_ADDRESS,
                        CUresult.CUDA_ERROR_LAUNCH_TIMEOUT,
                        CUresult.CUDA_ERROR_ASSERT,
                        CUresult.CUDA_ERROR_HARDWARE_STACK_ERROR,
                        CUresult.CUDA_ERROR_ILLEGAL_INSTRUCTION,
                        CUresult.CUDA_ERROR_MISALIGNED_ADDRESS,
                        CUresult.CUDA_ERROR_INVALID_ADDRESS_SPACE,
                        CUresult.CUDA_ERROR_INVALID_PC,
                        CUresult.CUDA_ERROR_LAUNCH_FAILED,
                        CUDA_ERROR_CONTAINED,
                        CUDA_ERROR_TENSOR_MEMORY_LEAK ->
                        LAUNCH_FAILED;
                case CUresult.CUDA_ERROR_DEVICE_UNAVAILABLE,
                        CUresult.CUDA_ERROR_INVALID_DEVICE,
                        CUresult.CUDA_ERROR_ECC_UNCORRECTABLE,
                        CUresult.CUDA_ERROR_NVLINK_UNCORRECTABLE,
                        CUresult.CUDA_ERROR_UNKNOWN ->
                        DEVICE_LOST;
                case CUresult.CUDA_ERROR_INVALID_IMAGE,
                        CUresult.CUDA_ERROR_NO_BINARY_FOR_GPU,
                        CUresult.CUDA_ERROR_INVALID_PTX,
                        CUresult.CUDA_ERROR_JIT_COMPILER_NOT_FOUND,
                        CUresult.CUDA_ERROR_UNSUPPORTED_PTX_VERSION,
                        CUresult.CUDA_ERROR_JIT_COMPILATION_DISABLED ->
                        BAD_MODULE;
                case CUresult.CUDA_ERROR_NOT_SUPPORTED -> NOT_SUPPORTED;
                default -> OTHER;
            };
        }

        /** Whether every later call on the context fails too. */
        boolean endsContext() {
            return this == LAUNCH_FAILED || this == DEVICE_LOST;
        }
    }

    private final int status;
    private final String call;

    CudaDriverException(int status, String call) {
        this(status, call, "");
    }

    /**
     * Creates an exception with details such as numbers or a compiler's log, which may be empty.
     */
    CudaDriverException(int status, String call, String detail) {
        super(
                "%s: %s (%d)%s: %s; %s"
                        .formatted(
                                call,
                                name(status),
                                status,
                                detail.isEmpty() ? "" : ", " + detail,
                                Kind.of(status).reason,
                                Kind.of(status).remedy));
        this.status = status;
        this.call = call;
    }

    /** Turns a status other than CUDA_SUCCESS into an exception. */
    static void check(int status, String call) {
        if (status != CUresult.CUDA_SUCCESS) {
            throw new CudaDriverException(status, call);
        }
    }

    /** The CUresult. */
    public int status() {
        return status;
    }

    /** The CUresult's name, such as {@code CUDA_ERROR_OUT_OF_MEMORY}. */
    public String statusName() {
        return name(status);
    }

    private static String name(int status) {
        return switch (status) {
            case CUDA_ERROR_CONTAINED -> "CUDA_ERROR_CONTAINED";
            case CUDA_ERROR_TENSOR_MEMORY_LEAK -> "CUDA_ERROR_TENSOR_MEMORY_LEAK";
            default -> CUresult.stringFor(status);
        };
    }

    /** The call, such as {@code cuMemAlloc}. */
    public String call() {
        return call;
    }

    /** The consequence for the caller. */
    public Kind kind() {
        return Kind.of(status);
    }

    /** What the user can do. */
    public String remedy() {
        return kind().remedy;
    }
}
