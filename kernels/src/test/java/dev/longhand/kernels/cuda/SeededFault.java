package dev.longhand.kernels.cuda;

import java.util.Arrays;
import java.util.List;

/**
 * A mistake that someone could make in a kernel.
 *
 * @param name what was done wrong
 * @param text the PTX that is edited, by its name
 * @param foundBy the check of the PTX device that finds it, or {@link #ORACLE}
 */
record SeededFault(
        String name, String text, FaultDrive drive, String foundBy, List<PtxEdit> edits) {
    /** No check finds it, as it breaks no rule of the machine; the numbers are wrong. */
    static final String ORACLE = "oracle";

    /** In a module as any device loads it. */
    static SeededFault of(
            String name, String module, FaultDrive drive, String foundBy, PtxEdit... edits) {
        return new SeededFault(
                name, CudaKernels.SM_80 + module, drive, foundBy, Arrays.asList(edits));
    }

    /** In a module as devices that overlap launches load it. */
    static SeededFault overlapped(
            String name, String module, FaultDrive drive, String foundBy, PtxEdit... edits) {
        return new SeededFault(
                name, CudaKernels.SM_90 + module, drive, foundBy, Arrays.asList(edits));
    }

    /** The number of the PTX device that loads the text. */
    int ordinal() {
        return text.startsWith(CudaKernels.SM_90) ? 1 : 0;
    }

    /** The text with the mistake in it. */
    String apply(String ptx) {
        String edited = ptx;
        for (PtxEdit edit : edits) {
            edited = edit.apply(edited);
        }
        return edited;
    }
}
