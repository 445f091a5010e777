package dev.longhand.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.bindings.cuda.CudaDevice;
import dev.longhand.bindings.cuda.CudaLibrary;
import dev.longhand.bindings.ptx.PtxDevice;
import dev.longhand.kernels.TestBackends;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;

class LaunchModesTest {
    private static final CudaDevice HOPPER = new CudaDevice(0, "H100", 9, 0, 12_040, 80L << 30);
    private static final CudaDevice AMPERE = new CudaDevice(0, "A100", 8, 0, 12_040, 80L << 30);
    private static final float[] RIGHT = {1, 2};
    private static final float[] WRONG = {1, 3};

    @AfterEach
    void clearSwitches() {
        System.clearProperty(LaunchModes.OVERLAP_PROPERTY);
        System.clearProperty(LaunchModes.GRAPHS_PROPERTY);
    }

    @Test
    void switches() {
        assertEquals(new LaunchModes(true, true), LaunchModes.allowed(HOPPER));
        assertEquals(new LaunchModes(false, true), LaunchModes.allowed(AMPERE));
        System.setProperty("longhand.cuda.overlap", "false");
        assertEquals(new LaunchModes(false, true), LaunchModes.allowed(HOPPER));
        System.setProperty("longhand.cuda.graphs", "false");
        assertEquals(new LaunchModes(false, false), LaunchModes.allowed(HOPPER));
        System.setProperty("longhand.cuda.graphs", "no");
        assertThrows(IllegalArgumentException.class, () -> LaunchModes.allowed(HOPPER));
    }

    @Test
    void aModeThatChangesBitsIsLeftOut() {
        LaunchModes both = new LaunchModes(true, true);
        assertEquals(both, both.confirmedBy(_ -> RIGHT));
        assertEquals(
                new LaunchModes(false, true),
                both.confirmedBy(modes -> modes.overlapped() ? WRONG : RIGHT));
        assertEquals(
                new LaunchModes(true, false),
                both.confirmedBy(modes -> modes.recorded() ? WRONG : RIGHT));
    }

    @Test
    void nothingIsTriedThatIsSwitchedOff() {
        List<LaunchModes> tried = new ArrayList<>();
        new LaunchModes(false, false)
                .confirmedBy(
                        modes -> {
                            tried.add(modes);
                            return RIGHT;
                        });
        assertEquals(List.of(), tried);
    }

    /** The device of compute capability 9.0 overlaps launches; both modes pass its trial. */
    @Test
    void theTrialPassesOnThePtxDevice() {
        PtxDevice device = TestBackends.ptxDevice();
        device.clear();
        for (int ordinal : new int[] {0, 1}) {
            try (CudaBackend backend = new CudaBackend(device.library(), ordinal)) {
                assertTrue(backend.recordsSteps());
            }
        }
        assertEquals(List.of(), device.findings());
        System.setProperty("longhand.cuda.graphs", "false");
        try (CudaBackend backend = new CudaBackend(device.library(), 1)) {
            assertTrue(!backend.recordsSteps());
        }
    }

    /** A GPU does not lose a mode that it supports. */
    @Tag("gpu")
    @Test
    void theTrialPassesOnTheGpu() {
        TestBackends.requireGpu();
        try (CudaBackend backend = new CudaBackend(CudaLibrary.system(), 0)) {
            LaunchModes allowed = LaunchModes.allowed(backend.queue().driver().device());
            assertEquals(
                    allowed, new LaunchModes(backend.overlapsLaunches(), backend.recordsSteps()));
        }
    }
}
