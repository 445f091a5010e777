package dev.longhand.bindings.ptx;

/** The outcome of loading the PTX device. */
public sealed interface PtxAvailability {
    /** The device is loaded, as the CUDA driver library of this process. */
    record Present(PtxDevice device) implements PtxAvailability {}

    /**
     * The device is not available.
     *
     * @param cause the reason
     * @param remedy what the user can do
     */
    record Absent(String cause, String remedy) implements PtxAvailability {}
}
