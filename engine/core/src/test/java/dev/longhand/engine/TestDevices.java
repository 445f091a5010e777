package dev.longhand.engine;

import dev.longhand.bindings.ptx.PtxAvailability;
import dev.longhand.bindings.ptx.PtxDevice;
import dev.longhand.kernels.BackendChoice;
import dev.longhand.kernels.BackendUnavailableException;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.backend.ComputeBackend;

import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Devices that tests run on. A device that is built from source must be available if a compiler is.
 * A GPU cannot be built, so its tests are skipped without one.
 */
public final class TestDevices {
    /** The PTX device, an emulated CUDA device. */
    public static final Device PTX = new Device(PtxDevice.NAME);

    private TestDevices() {}

    /**
     * Skips the test if the device cannot be built for lack of a compiler; fails it if a compiler
     * is available but the device is not.
     */
    public static void require(Device device) {
        try (ComputeBackend backend = BackendChoice.open(device, 1).backend()) {
            Assertions.assertNotNull(backend);
        } catch (BackendUnavailableException e) {
            Assertions.assertFalse(
                    !device.equals(Device.CUDA) && isOnPath(compilerOf(device)),
                    () -> "a compiler is there, yet: " + e.getMessage());
            Assumptions.abort("skipped: " + e.getMessage());
        }
    }

    private static boolean isOnPath(String program) {
        return Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }

    /** Returns the compiler of a device: C++ for the PTX device, C for the CPU library. */
    private static String compilerOf(Device device) {
        return device.equals(PTX) ? "c++" : "cc";
    }

    /** Returns the PTX device; call {@link #require} first. */
    public static PtxDevice ptx() {
        return ((PtxAvailability.Present) PtxDevice.availability()).device();
    }
}
