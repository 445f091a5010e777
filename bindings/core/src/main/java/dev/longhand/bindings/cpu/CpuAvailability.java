package dev.longhand.bindings.cpu;

/** The outcome of loading the CPU kernel library. */
public sealed interface CpuAvailability {
    /** The library is loaded. */
    record Present(CpuLibrary library) implements CpuAvailability {}

    /**
     * The library is not available.
     *
     * @param cause the reason
     * @param remedy what the user can do
     */
    record Absent(String cause, String remedy) implements CpuAvailability {}
}
