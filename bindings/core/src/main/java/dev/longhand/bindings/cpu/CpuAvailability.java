package dev.longhand.bindings.cpu;

/** Whether the CPU kernel library can be used, as a value. */
public sealed interface CpuAvailability {
    /** It is loaded. */
    record Present(CpuLibrary library) implements CpuAvailability {}

    /**
     * It cannot be had.
     *
     * @param cause what was found instead
     * @param remedy what the user can do
     */
    record Absent(String cause, String remedy) implements CpuAvailability {}
}
