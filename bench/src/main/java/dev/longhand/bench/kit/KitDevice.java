package dev.longhand.bench.kit;

import java.util.Locale;

/** The devices of the kit. */
enum KitDevice {
    /** This machine's GPU; of several, CUDA_VISIBLE_DEVICES names one. */
    CUDA,
    /** The PTX device, which stands in for a GPU where there is none. */
    PTX;

    /** The name on the command line. */
    String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
