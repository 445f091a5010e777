package dev.longhand.bindings.cpu;

import dev.longhand.bindings.cpu.generated.LonghandCpu;

/** A call into the CPU kernel library failed. */
public final class CpuKernelException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private CpuKernelException(String operation, String cause) {
        super(operation + ": " + cause);
    }

    /** Turns a status other than LH_OK into an exception. */
    static void check(String operation, int status) {
        if (status != LonghandCpu.LH_OK()) {
            throw new CpuKernelException(operation, describe(status));
        }
    }

    private static String describe(int status) {
        if (status == LonghandCpu.LH_OUT_OF_MEMORY()) {
            return "out of native memory; lower EngineConfig.contextTokensMax or the batch size";
        }
        if (status == LonghandCpu.LH_NO_THREAD()) {
            return "the system refuses another thread; lower EngineConfig.threads or raise its"
                    + " limit";
        }
        if (status == LonghandCpu.LH_UNKNOWN_ISA()) {
            return "this processor or build has no such instruction set";
        }
        return "unknown status " + status;
    }
}
