package dev.longhand.kernels;

import dev.longhand.bindings.cuda.CudaEmulator;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.ServiceLoader;
import java.util.regex.Pattern;

/**
 * The device on which an engine computes: one of the constants, a numbered GPU ({@code cuda:1}), or
 * an emulated CUDA device from an artifact on the class path or module path.
 *
 * @param name lower-case letters, digits and dashes, beginning with a letter; or {@code cuda:} and
 *     the driver's number of a GPU
 */
public record Device(String name) {
    // Declared before the constants, whose constructor uses it.
    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]*|cuda:[0-9]{1,3}");

    private static final String NUMBERED = "cuda:";

    /**
     * The best available device; {@link BackendChoice#reason} says which one was chosen and why.
     */
    public static final Device AUTO = new Device("auto");

    /** Our C kernels on the host's cores. */
    public static final Device CPU = new Device("cpu");

    /** The NVIDIA GPU with the most memory among those that the kernels run on. */
    public static final Device CUDA = new Device("cuda");

    /** Plain Java with double accumulation: slow, and the oracle for all other devices. */
    public static final Device REFERENCE = new Device("reference");

    /**
     * Creates a device from its name; {@link BackendChoice#open} checks that it is available.
     *
     * @throws IllegalArgumentException if the name is not valid
     */
    public Device {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("not the name of a device: " + name);
        }
    }

    /**
     * Returns the device of a name, ignoring case.
     *
     * @throws IllegalArgumentException if it is not a valid device name
     */
    public static Device of(String name) {
        return new Device(name.toLowerCase(Locale.ROOT));
    }

    /**
     * Whether this is one of the constants or the device of an emulator on the class path or module
     * path.
     */
    public boolean offered() {
        return List.of(AUTO, CPU, CUDA, REFERENCE).contains(this)
                || ordinal().isPresent()
                || emulator().isPresent();
    }

    /** The driver's number of a GPU, if the name says one. */
    OptionalInt ordinal() {
        return name.startsWith(NUMBERED)
                ? OptionalInt.of(Integer.parseInt(name.substring(NUMBERED.length())))
                : OptionalInt.empty();
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
