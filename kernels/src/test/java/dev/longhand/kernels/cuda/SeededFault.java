package dev.longhand.kernels.cuda;

import java.util.Arrays;
import java.util.List;

/**
 * A mistake that someone could make in a kernel.
 *
 * @param name what was done wrong
 * @param module whose PTX is edited
 * @param foundBy the check of the PTX device that finds it, or {@link #ORACLE}
 */
record SeededFault(
        String name, String module, FaultDrive drive, String foundBy, List<PtxEdit> edits) {
    /** No check finds it, as it breaks no rule of the machine; the numbers are wrong. */
    static final String ORACLE = "oracle";

    static SeededFault of(
            String name, String module, FaultDrive drive, String foundBy, PtxEdit... edits) {
        return new SeededFault(name, module, drive, foundBy, Arrays.asList(edits));
    }

    /** The number of the PTX device that loads the module. */
    int ordinal() {
        return module.startsWith(CudaKernels.DEPENDENT_FOLDER) ? 1 : 0;
    }

    /** The module's text with the mistake in it. */
    String apply(String ptx) {
        String edited = ptx;
        for (PtxEdit edit : edits) {
            edited = edit.apply(edited);
        }
        return edited;
    }
}
