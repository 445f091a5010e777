package dev.longhand.bindings.ptx;

/** Whether the PTX device can be used, as a value. */
public sealed interface PtxAvailability {
    /** It is loaded, and is the CUDA driver library of this process. */
    record Present(PtxDevice device) implements PtxAvailability {}

    /**
     * It cannot be had.
     *
     * @param cause what was found instead
     * @param remedy what the user can do
     */
    record Absent(String cause, String remedy) implements PtxAvailability {}
}
