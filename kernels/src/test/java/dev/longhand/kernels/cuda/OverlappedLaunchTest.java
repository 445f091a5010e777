package dev.longhand.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.longhand.bindings.cuda.CudaLibrary;
import dev.longhand.bindings.ptx.PtxDevice;
import dev.longhand.kernels.TestBackends;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.util.List;

/**
 * Kernels compiled for overlapped launches give the bits of those that are not, and touch nothing
 * before they have waited: on every shape that {@link SeededFaultTest} has, quantised ones too.
 */
class OverlappedLaunchTest {
    private static final int DEVICE_8_0 = 0;
    private static final int DEVICE_9_0 = 1;

    @Test
    void sameBitsAndNoFindings() {
        PtxDevice device = TestBackends.ptxDevice();
        device.seed(0);
        device.clear();
        for (FaultDrive drive : SeededFaults.drives()) {
            assertArrayEquals(run(device, DEVICE_8_0, drive), run(device, DEVICE_9_0, drive));
            assertEquals(List.of(), device.findings());
        }
    }

    @AfterEach
    void clearSwitch() {
        System.clearProperty(LaunchModes.OVERLAP_PROPERTY);
    }

    /** Before compute capability 9.0 nothing overlaps, and the runs are alike. */
    @Tag("gpu")
    @Test
    void sameBitsOnTheGpu() {
        TestBackends.requireGpu();
        CudaLibrary system = CudaLibrary.system();
        for (FaultDrive drive : SeededFaults.drives()) {
            System.setProperty(LaunchModes.OVERLAP_PROPERTY, "false");
            float[] alone = drive.run(system, 0, CudaKernels::ptx);
            System.clearProperty(LaunchModes.OVERLAP_PROPERTY);
            assertArrayEquals(alone, drive.run(system, 0, CudaKernels::ptx));
        }
    }

    private static float[] run(PtxDevice device, int ordinal, FaultDrive drive) {
        return drive.run(device.library(), ordinal, CudaKernels::ptx);
    }
}
