package dev.longhand.kernels;

import dev.longhand.bindings.cuda.CudaEmulator;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.regex.Pattern;

/**
 * What an engine computes on: one of the constants, or an emulated CUDA device that an artifact on
 * the class path or module path offers.
 *
 * @param name lower-case letters, digits and dashes
 */
public record Device(String name) {
    // Before the constants, whose construction matches it.
    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]*");

    /** The best device there is; one line says what was chosen and why. */
    public static final Device AUTO = new Device("auto");

    /** Our C kernels on the host's cores. */
    public static final Device CPU = new Device("cpu");

    /** An NVIDIA GPU. */
    public static final Device CUDA = new Device("cuda");

    /** Plain Java with double accumulation: slow, and the oracle of all others. */
    public static final Device REFERENCE = new Device("reference");

    /**
     * Names a device; {@link BackendChoice#open} says whether it is there.
     *
     * @throws IllegalArgumentException if the name has other characters
     */
    public Device {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("not the name of a device: " + name);
        }
    }

    /**
     * A device by its name in any case.
     *
     * @throws IllegalArgumentException if this is not the name of a device
     */
    public static Device of(String name) {
        return new Device(name.toLowerCase(Locale.ROOT));
    }

    /** Whether this is a device of the library, or an emulator on the class path offers it. */
    public boolean offered() {
        return List.of(AUTO, CPU, CUDA, REFERENCE).contains(this) || emulator().isPresent();
    }

    /** The emulator of this device, if one is on the class path or module path. */
    Optional<CudaEmulator> emulator() {
        return ServiceLoader.load(CudaEmulator.class, Device.class.getClassLoader()).stream()
                .map(ServiceLoader.Provider::get)
                .filter(emulator -> emulator.deviceName().equals(name))
                .findFirst();
    }

    @Override
    public String toString() {
        return name;
    }
}
