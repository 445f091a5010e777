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

/** Devices that tests run on: where there is a C compiler, a missing CPU library is an error. */
public final class TestDevices {
    private TestDevices() {}

    /** Skips the test where no compiler could build the device, fails it where one should have. */
    public static void require(Device device) {
        try (ComputeBackend backend = BackendChoice.open(device, 1).backend()) {
            Assertions.assertNotNull(backend);
        } catch (BackendUnavailableException e) {
            boolean compiler =
                    Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
                            .anyMatch(
                                    folder ->
                                            Files.isExecutable(
                                                    Path.of(folder, compilerOf(device))));
            Assertions.assertFalse(compiler, "a compiler is there, yet: " + e.getMessage());
            Assumptions.abort("skipped: " + e.getMessage());
        }
    }

    /** The PTX device is C++, the CPU library C. */
    private static String compilerOf(Device device) {
        return device == Device.PTX ? "c++" : "cc";
    }

    /** The PTX device; call {@link #require} first. */
    public static PtxDevice ptx() {
        return ((PtxAvailability.Present) PtxDevice.availability()).device();
    }
}
