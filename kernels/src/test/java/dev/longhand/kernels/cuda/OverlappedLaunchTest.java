package dev.longhand.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.longhand.bindings.ptx.PtxDevice;
import dev.longhand.kernels.TestBackends;

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

    private static float[] run(PtxDevice device, int ordinal, FaultDrive drive) {
        return drive.run(device.library(), ordinal, CudaKernels::ptx);
    }
}
