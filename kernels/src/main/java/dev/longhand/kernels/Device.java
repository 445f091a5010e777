package dev.longhand.kernels;

import java.util.Locale;

/** What a user may ask to compute on. */
public enum Device {
    /** The best there is, with one line that says what was chosen and why. */
    AUTO,
    /** Our C kernels on the host's cores. */
    CPU,
    /** An NVIDIA GPU. */
    CUDA,
    /** The CUDA path on the PTX device, which executes our PTX on the host. */
    PTX,
    /** Plain Java with double accumulation: slow, and the oracle of all others. */
    REFERENCE;

    /** The name on the command line. */
    public String optionName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
